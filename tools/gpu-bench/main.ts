/**
 * Makes models of the true shape with random weights, runs every benchmark of a GPU on them, and writes one JSON document and
 * one page of Markdown. A call ends in time; the next one goes on where it ended.
 *
 *     npm run gpu-bench -- --python PYTHON [--work FOLDER] [--minutes 9] [--size full|tiny] [--peer-caches dynamic|static|none]
 *
 * Exits with 0 when nothing is left to do, with 3 when another call has to go on, with 1 when a step failed. Ctrl-C and
 * SIGTERM end the step under way, and all that it started, before this process ends with 3.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../../bench/project.ts";
import { type Document, type Outcome, report } from "./report.ts";
import { runStep } from "./run-step.ts";
import { nextStep } from "./schedule.ts";
import { StepRecords } from "./step-records.ts";
import { type Step, stepsOf } from "./steps.ts";

const minuteMs = 60_000;
/** A step that is begun with less would only be cut off. */
const leastMs = 15_000;
const exitCodes = { complete: 0, failed: 1, "out of time": 3 } as const;

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    work: { type: "string", default: "/tmp/gpu-bench" },
    minutes: { type: "string", default: "9" },
    size: { type: "string", default: "full" },
    "peer-caches": { type: "string", default: "dynamic" },
  },
});
if (values.size !== "full" && values.size !== "tiny") {
  throw new Error("--size is full or tiny");
}
const work = resolve(values.work);
mkdirSync(work, { recursive: true });
const records = new StepRecords(work);
const steps = stepsOf({
  work,
  node: process.execPath,
  python: values.python,
  root: projectRoot,
  size: values.size,
  peerCaches: values["peer-caches"],
});
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => interruption.abort());
}
const endsAt = performance.now() + Number(values.minutes) * minuteMs;
const ending = await runAll();
writeReport();
const hasFailed = steps.some((step) => records.progressOf(step) === "failed");
process.exitCode = exitCodes[ending === "complete" && hasFailed ? "failed" : ending];

async function runAll(): Promise<"complete" | "out of time"> {
  for (;;) {
    const next = nextStep(steps, (step) => records.progressOf(step), endsAt - performance.now(), leastMs);
    if (interruption.signal.aborted) {
      return "out of time";
    }
    if ("ending" in next) {
      return next.ending;
    }
    await run(next.step);
    // After each: the caller may be cut off too.
    writeReport();
  }
}

async function run(step: Step): Promise<void> {
  const { name } = step;
  const startedAt = performance.now();
  console.error(`== ${name}`);
  records.began(name);
  const limit = AbortSignal.timeout(Math.max(0, Math.round(endsAt - startedAt)));
  const end = await runStep(step, AbortSignal.any([limit, interruption.signal]), (text) => process.stderr.write(text));
  if (end.kind === "done") {
    records.done(name, end.output);
  } else if (end.kind === "failed") {
    records.failed(name, end.reason);
  }
  console.error(`== ${name}: ${end.kind} after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}

function writeReport(): void {
  const outcomes = steps
    .filter(({ isBenchmark }) => isBenchmark)
    .map(({ name }): Outcome => {
      const output = records.outputOf(name);
      return output === null
        ? { name, missing: records.reasonOf(name) }
        : { name, document: JSON.parse(output) as Document };
    });
  writeFileSync(join(work, "results.json"), `${JSON.stringify(outcomes, null, 2)}\n`);
  writeFileSync(join(work, "results.md"), report(outcomes));
}
