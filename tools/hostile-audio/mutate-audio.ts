/**
 * Damages small files of every format at random and sends them to the service. None may be answered with a server error,
 * none may hang, and the service must be as before.
 *
 *     npm run mutate-audio -- --count 2000 --seed 1 [--first 0] [--parallel 4]
 *
 * Prints what became of them; exits with 1 when anything went wrong.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { Service } from "../../bench/service.ts";
import { percentiles } from "../../bench/statistics.ts";
import { figure, formatTable } from "../../bench/table.ts";
import { type MutationResult, runMutations } from "./mutation-run.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "0" },
    parallel: { type: "string", default: "4" },
  },
});
const { count, seed, first, parallel } = values;

await using service = await Service.start();
let answered = 0;
const results = await runMutations({
  port: service.port,
  count: Number(count),
  seed: Number(seed),
  first: Number(first),
  parallel: Number(parallel),
  onAnswer: () => {
    answered++;
    if (answered % 100 === 0) {
      console.error(`${answered} of ${count}`);
    }
  },
});
const failures = results.filter(({ isFailure }) => isFailure);
const { p50, p99, max } = percentiles(results.map(({ ms }) => ms));
console.log(formatTable({ title: `${count} damaged files, seed ${seed}`, columns: columns(), rows: rows(results) }));
const slowest = results.find(({ ms }) => ms === max);
console.log(`\nAnswer after ${figure(p50)} ms (median), ${figure(p99)} ms (99 %), ${figure(max)} ms (longest)`);
console.log(`Longest: number ${slowest?.number}, ${slowest?.clip}, ${slowest?.changes.join(" + ")}`);
for (const { number, clip, changes, outcome } of failures) {
  console.log(`FAILED: number ${number}, ${clip}, ${changes.join(" + ")}: ${outcome}`);
}
if (!service.isAlive) {
  console.log("FAILED: the service has ended");
}
process.exitCode = failures.length === 0 && service.isAlive ? 0 : 1;

function countOf(of: readonly MutationResult[], outcome: string): string {
  return String(of.filter((result) => result.outcome === outcome).length);
}

/** By format and outcome. */
function rows(all: readonly MutationResult[]): string[][] {
  const outcomes = outcomesOf(all);
  const clips = [...new Set(all.map(({ clip }) => clip))].toSorted();
  const row = (name: string, of: readonly MutationResult[]): string[] => [
    name,
    ...outcomes.map((outcome) => countOf(of, outcome)),
  ];
  return [
    ...clips.map((name) =>
      row(
        name,
        all.filter(({ clip }) => clip === name),
      ),
    ),
    row("all", all),
  ];
}

function columns(): string[] {
  return ["", ...outcomesOf(results)];
}

function outcomesOf(all: readonly MutationResult[]): string[] {
  return [...new Set(all.map(({ outcome }) => outcome))].toSorted();
}
