import { expect, test } from "vitest";
import { ProcessExitedError } from "../../../src/processes/inference-process.ts";
import { monotonicMs } from "../../../src/processes/monotonic-clock.ts";
import { mostRelated, RequestTimeline } from "../../../src/request-timeline.ts";
import { Job } from "../../../src/scheduler/job.ts";
import type { RequestContext } from "../../../src/scheduler/request-context.ts";
import { RunStages } from "../../../src/scheduler/run-stages.ts";
import { requestContext } from "../../helpers/request-context.ts";

const facts = { model: "small", pid: 7 };

interface Recorded {
  readonly timeline: RequestTimeline;
  readonly context: RequestContext;
  readonly job: Job;
}

let requests = 0;
function recordedJob(lengths: readonly number[]): Recorded {
  const timeline = new RequestTimeline();
  const spanId = (++requests).toString(16).padStart(16, "0");
  const context = { ...requestContext({ timeline }), spanId };
  return { timeline, context, job: jobOf(lengths, context) };
}

function jobOf(lengths: readonly number[], context: RequestContext): Job {
  const inputs = lengths.map((length) => ({ kind: "text" as const, inputIds: new Int32Array(length) }));
  return new Job(inputs, context, performance.now());
}

function inferences({ timeline }: Recorded) {
  return timeline.stages.filter(({ name }) => name === "inference");
}

test("each request of a run has one stage, with its own windows and links to the others that are recorded", () => {
  const [one, two] = [recordedJob([4, 5]), recordedJob([6])];
  const unrecorded = jobOf([7], requestContext());
  const stages = RunStages.of([...one.job.windows, ...two.job.windows, ...unrecorded.windows], performance.now());
  stages?.end({ ...facts, batchWindows: 4 }, { startedAt: monotonicMs(), inferenceMs: 0 });
  expect(inferences(one)).toMatchObject([
    { facts: { ...facts, batchWindows: 4, windows: 2, length: 9 }, related: [{ spanId: two.context.spanId }] },
  ]);
  expect(inferences(two)).toMatchObject([
    { facts: { windows: 1, length: 6 }, related: [{ spanId: one.context.spanId }] },
  ]);
});

test("its time is that of the inference process, on our clock", () => {
  const { timeline, job } = recordedJob([4]);
  const dispatchedAt = performance.now() - 1_000;
  const stages = RunStages.of(job.windows, dispatchedAt);
  stages?.end(facts, { startedAt: monotonicMs() - 700, inferenceMs: 500 });
  const [stage] = timeline.stages.filter(({ name }) => name === "inference");
  expect((stage?.startedAt ?? 0) - dispatchedAt).toBeCloseTo(300, -1);
  expect((stage?.endedAt ?? 0) - (stage?.startedAt ?? 0)).toBeCloseTo(500, 5);
  expect(stage?.facts.transferMs).toBeCloseTo(500, -1);
});

test.each([
  ["begins before its dispatch", -10_000, 1],
  ["ends after its result came", 0, 1e9],
  ["lies in the future", 1e9, 5],
])("a process that says that its run %s does not lead the timeline astray", (_lie, startedAt, inferenceMs) => {
  const { timeline, job } = recordedJob([4]);
  const dispatchedAt = performance.now();
  RunStages.of(job.windows, dispatchedAt)?.end(facts, { startedAt: monotonicMs() + startedAt, inferenceMs });
  const [stage] = timeline.stages.filter(({ name }) => name === "inference");
  expect(stage?.startedAt).toBeGreaterThanOrEqual(dispatchedAt);
  expect(stage?.endedAt).toBeGreaterThanOrEqual(stage?.startedAt ?? 0);
  expect(stage?.endedAt).toBeLessThanOrEqual(performance.now());
});

test("a run that dies or fails says so", () => {
  const exit = { reason: "no_progress", exitCode: null, signal: "SIGKILL", detail: null, killMs: 1 } as const;
  for (const [error, failure] of [
    [new ProcessExitedError(exit), "no_progress"],
    [new Error("the graph refused"), "run_failed"],
  ] as const) {
    const recorded = recordedJob([4]);
    RunStages.of(recorded.job.windows, performance.now())?.fail(facts, error);
    expect(inferences(recorded)).toMatchObject([{ facts: { ...facts, failure } }]);
    expect(JSON.stringify(recorded.timeline.stages)).not.toContain("refused");
  }
});

test("links are bounded", () => {
  const jobs = Array.from({ length: mostRelated + 5 }, () => recordedJob([1]));
  const windows = jobs.flatMap(({ job }) => job.windows);
  RunStages.of(windows, performance.now())?.end(facts, { startedAt: monotonicMs(), inferenceMs: 0 });
  expect(jobs.map((job) => inferences(job)[0]?.related.length)).toEqual(jobs.map(() => mostRelated));
});

test("a run without a request that is recorded costs nothing more", () => {
  expect(RunStages.of(jobOf([7], requestContext()).windows, performance.now())).toBeNull();
});
