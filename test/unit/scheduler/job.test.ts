import { expect, test } from "vitest";
import type { WindowOutput } from "../../../src/processes/protocol.ts";
import { Job } from "../../../src/scheduler/job.ts";
import { requestContext } from "../../helpers/request-context.ts";

test("a job is one window per input, with the turn of its address, its client and its request", () => {
  const job = jobOf(3);
  expect(job.windows.map(({ index, length, path, mustRunAlone }) => ({ index, length, path, mustRunAlone }))).toEqual(
    [0, 1, 2].map((index) => ({ index, length: 4, path: ["192.0.2.1", "client", "request-1"], mustRunAlone: false })),
  );
  expect(job.length).toBe(12);
});

test("outputs come back in the order of the windows, whatever the order of delivery", async () => {
  const job = jobOf(3);
  job.markDispatched(150);
  for (const index of [2, 0, 1]) {
    expect(job.isSettled).toBe(false);
    job.deliver(index, outputOf(index), 170);
  }
  expect(job.isSettled).toBe(true);
  expect((await job.result).outputs).toEqual([0, 1, 2].map(outputOf));
});

test("its times run from submission to the first dispatch, and from there to the last result", async () => {
  const job = jobOf(2);
  job.markDispatched(150);
  job.deliver(0, outputOf(0), 170);
  job.markDispatched(180);
  job.deliver(1, outputOf(1), 200);
  expect(await job.result).toMatchObject({ queueMs: 50, inferenceMs: 50 });
});

test("a window that is delivered twice counts once", () => {
  const job = jobOf(2);
  job.deliver(0, outputOf(0), 1);
  job.deliver(0, outputOf(9), 2);
  expect(job.isSettled).toBe(false);
});

test("the first failure settles the job; later failures and outputs change nothing", async () => {
  const job = jobOf(1);
  job.fail(new Error("the first"));
  job.fail(new Error("the second"));
  job.deliver(0, outputOf(0), 1);
  expect(job.isSettled).toBe(true);
  await expect(job.result).rejects.toThrow("the first");
});

test("a failure after the last output changes nothing", async () => {
  const job = jobOf(1);
  job.deliver(0, outputOf(0), 1);
  job.fail(new Error("too late"));
  expect((await job.result).outputs).toEqual([outputOf(0)]);
});

/** Submitted at 100 ms. */
function jobOf(windows: number): Job {
  const inputs = Array.from({ length: windows }, () => ({ kind: "text" as const, inputIds: new Int32Array(4) }));
  return new Job(inputs, requestContext(), 100);
}

function outputOf(index: number): WindowOutput {
  return { kind: "logits", logits: Float32Array.of(index, -index) };
}
