import { setTimeout as sleep } from "node:timers/promises";
import type { Drill, ExpectedAlert } from "./drill.ts";
import { createDrillKeys, type DrillKeys } from "./drill-keys.ts";
import { allDrills, notDrilled } from "./drills/all-drills.ts";
import { Prometheus } from "./prometheus.ts";
import { allRules, type Rule, readRuleFiles } from "./rule-files.ts";
import { type DrillResult, runDrill } from "./run-drill.ts";
import type { Scale } from "./scale-rules.ts";

/** A week in seventeen minutes; ten scrapes in the shortest window, so that a busy machine may miss some. */
export const scale: Scale = { factor: 600, leastWindowSeconds: 10 };

/** More than waiting for alerts to fire and to resolve can take; a service may hang in any way. */
const drillLimitMs = 360_000;

export interface CheckOptions {
  /** Names of drills or alerts; all when empty. */
  readonly names: readonly string[];
  /** Where keys are put. */
  readonly folder: string;
  /** Drills at a time. */
  readonly concurrency: number;
  readonly onProgress: (line: string) => void;
}

/** A drill, and what became of its alerts or why that cannot be told. */
export interface DrillOutcome {
  readonly drill: Drill;
  readonly results: readonly DrillResult[];
  readonly problem: string | null;
}

export interface CheckOutcome {
  readonly outcomes: readonly DrillOutcome[];
  /** Alerts that nothing was done for, with the reason. */
  readonly notShown: readonly { readonly alert: string; readonly reason: string }[];
  /** Everything that was tried fired and resolved. */
  readonly isWhole: boolean;
}

/** @throws Error for a name that is neither a drill's nor an alert's. */
export async function checkAlerts({ names, folder, concurrency, onProgress }: CheckOptions): Promise<CheckOutcome> {
  const chosen = chooseDrills(names);
  const keys = await createDrillKeys(folder);
  await using prometheus = await Prometheus.start(scale, keys.metricsKeyFile);
  const possible = chosen.filter(({ lacks }) => (lacks ?? null) === null);
  const outcomes: DrillOutcome[] = [];
  const work = async (waiting: Drill[]): Promise<void> => {
    for (let drill = waiting.shift(); drill !== undefined; drill = waiting.shift()) {
      onProgress(`${drill.name} begins: ${drill.fault}`);
      const outcome = await attempt(drill, keys, prometheus);
      onProgress(`${drill.name} ends: ${outcome.problem ?? (isWhole(outcome) ? "shown" : "NOT shown")}`);
      outcomes.push(outcome);
    }
  };
  await work(possible.filter(({ isAlone }) => isAlone === true));
  const others = possible.filter(({ isAlone }) => isAlone !== true);
  await Promise.all(Array.from({ length: concurrency }, () => work(others)));
  return { outcomes, notShown: names.length > 0 ? [] : alertsNotShown(chosen), isWhole: outcomes.every(isWhole) };
}

async function attempt(drill: Drill, keys: DrillKeys, prometheus: Prometheus): Promise<DrillOutcome> {
  const job = drill.isPlainJob === true ? "guardrail-api" : `guardrail-api-${drill.name}`;
  try {
    const results = await Promise.race([runDrill(drill, job, keys, prometheus), tooLong()]);
    return { drill, results, problem: null };
  } catch (error) {
    return { drill, results: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

async function tooLong(): Promise<never> {
  await sleep(drillLimitMs, undefined, { ref: false });
  throw new Error(`it did not come to an end within ${drillLimitMs / 60_000} minutes`);
}

function isWhole({ results, problem }: DrillOutcome): boolean {
  return (
    problem === null &&
    results.every(({ firedAfterMs, resolvedAfterMs }) => firedAfterMs !== null && resolvedAfterMs !== null)
  );
}

function chooseDrills(names: readonly string[]): Drill[] {
  const unknown = names.find((name) => !allDrills.some((drill) => isNamed(drill, name)));
  if (unknown !== undefined) {
    throw new Error(`${unknown} is neither a drill nor an alert that one shows`);
  }
  return allDrills.filter((drill) => names.length === 0 || names.some((name) => isNamed(drill, name)));
}

/** By its own name, or that of one of its alerts. */
function isNamed(drill: Drill, name: string): boolean {
  return drill.name === name || drill.alerts.some((alert) => alert.name === name);
}

/** What no drill shows on this machine. A rule of several windows counts as one alert for each. */
function alertsNotShown(drills: readonly Drill[]): { alert: string; reason: string }[] {
  return allRules(readRuleFiles()).flatMap((rule) => {
    if (rule.alert === undefined) {
      return [];
    }
    const own = drills.filter(({ alerts }) => alerts.some((alert) => isOf(rule, alert)));
    const reasons = own.map(({ lacks }) => lacks ?? null);
    const reason = reasons[0] ?? notDrilled[rule.alert] ?? "no drill causes it";
    return reasons.includes(null) ? [] : [{ alert: rule.alert, reason }];
  });
}

function isOf(rule: Rule, { name, labels = {} }: ExpectedAlert): boolean {
  const window = rule.labels?.["window"];
  return rule.alert === name && (labels["window"] ?? window) === window;
}
