import { formatTable } from "../../bench/table.ts";
import type { CheckOutcome } from "./check-alerts.ts";
import type { ExpectedAlert } from "./drill.ts";

/** The outcome as people read it. */
export function report({ outcomes, notShown }: CheckOutcome): string {
  const rows = outcomes.flatMap(({ drill, results }) =>
    results.map(({ alert, firedAfterMs, resolvedAfterMs }) => [
      nameOf(alert),
      seconds(firedAfterMs),
      seconds(resolvedAfterMs),
      drill.fault,
    ]),
  );
  const table = formatTable({
    title: "Alerts, in the scale of the run",
    columns: ["alert", "fired after", "resolved after", "fault"],
    rows: rows.toSorted(([one = ""], [other = ""]) => one.localeCompare(other)),
  });
  const problems = outcomes.filter(({ problem }) => problem !== null);
  return [
    table,
    ...problems.map(({ drill, problem }) => `\nPROBLEM: ${drill.name}: ${problem}`),
    ...notShown.map(({ alert, reason }) => `\nNot shown: ${alert}: ${reason}`),
  ].join("\n");
}

function nameOf({ name, labels = {} }: ExpectedAlert): string {
  const values = Object.values(labels);
  return values.length === 0 ? name : `${name} (${values.join(", ")})`;
}

function seconds(milliseconds: number | null): string {
  return milliseconds === null ? "NEVER" : `${(milliseconds / 1_000).toFixed(1)} s`;
}
