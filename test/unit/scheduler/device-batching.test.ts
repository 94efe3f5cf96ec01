import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { JobResult } from "../../../src/scheduler/job.ts";
import { Scheduler } from "../../../src/scheduler/scheduler.ts";
import { audioWindow } from "../../helpers/audio-window.ts";
import { strictEventBus } from "../../helpers/event-bus.ts";
import { FakeProcess } from "../../helpers/fake-process.ts";
import { requestContext } from "../../helpers/request-context.ts";

/**
 * A device that computes batches of speech in one run each, simulated in its own time: nothing here depends on how fast the
 * machine is. Three long files keep their windows waiting, and clips of one window come one after another.
 */

const maxBatchSize = 16;
/** As three long files are submitted: two batches ahead. */
const windowsAhead = 32;
const clipEveryMs = 700;
const endMs = 100_000;

/** Most of a run is the same for one window as for many: each step reads the weights once. */
function runMs(windows: number): number {
  return 1_500 + 40 * windows;
}

interface Clip {
  readonly arrivedMs: number;
  answeredMs: number;
}

interface Outcome {
  readonly clips: readonly Clip[];
  /** Windows of each long file that were answered. */
  readonly files: readonly number[];
  readonly batches: readonly number[];
  /** Simulated time that the device was busy. */
  readonly busyMs: number;
}

/** As the service does it on a device. */
const shared = simulate(() => false);

test("clips wait for the run under way and share the next one, long files progress alike, and batches are full", async () => {
  const { clips, files, batches, busyMs } = await shared;
  const waits = clips.map(({ arrivedMs, answeredMs }) => answeredMs - arrivedMs);
  expect(clips.length).toBeGreaterThan(130);
  expect(Math.max(...waits)).toBeLessThanOrEqual(2 * runMs(maxBatchSize));
  expect(meanOf(batches) / maxBatchSize).toBeGreaterThan(0.9);
  expect(busyMs / endMs).toBeGreaterThan(0.99);
  // By turns of addresses: none of the three gets more than another, but for the batch under way.
  expect(Math.max(...files) - Math.min(...files)).toBeLessThanOrEqual(maxBatchSize);
});

test("taking turns between two runs, as on a CPU, would empty the batches: a run of one window costs nearly as much", async () => {
  const inTurns = await simulate(() => true);
  const { batches, files } = await shared;
  expect(meanOf(inTurns.batches)).toBeLessThan(meanOf(batches) / 2);
  expect(sumOf(inTurns.files)).toBeLessThan(sumOf(files) / 2);
});

async function simulate(interleavesRuns: () => boolean): Promise<Outcome> {
  const scheduler = new Scheduler({
    model: "model",
    modelId: "1",
    version: "1",
    events: strictEventBus(),
    unit: "frames",
    priorCost: { fixedMs: 2_000, perUnitMs: 0.02 },
    endsRunsEarly: true,
    interleavesRuns,
    cpu: null,
    settings: () => ({
      maxQueueSize: 1_000,
      maxQueueLength: Number.POSITIVE_INFINITY,
      maxBatchSize,
      maxBatchLength: Number.POSITIVE_INFINITY,
      runLimitFloorMs: 60_000,
      runLimitFactor: 10,
    }),
  });
  const device = new FakeProcess({ capacity: 2 });
  scheduler.addInstance(device.asInferenceProcess);
  let nowMs = 0;
  let busyMs = 0;
  let nextClipMs = clipEveryMs;
  const files = [0, 0, 0];
  const clips: Clip[] = [];
  const submit = (client: string): Promise<JobResult> => {
    const options = { address: client, requestId: client };
    return scheduler.submitPart(
      [audioWindow({ features: new Float32Array(1), frames: 3_000 })],
      requestContext(options),
    );
  };
  const submitFile = async (file: number): Promise<void> => {
    await submit(`file ${file}`);
    files[file]!++;
    if (nowMs < endMs) {
      await submitFile(file);
    }
  };
  const submitClip = async (arrivedMs: number): Promise<void> => {
    const clip = { arrivedMs, answeredMs: Number.POSITIVE_INFINITY };
    clips.push(clip);
    await submit(`clip ${clips.length}`);
    clip.answeredMs = nowMs;
  };
  const work = files.flatMap((_, file) => Array.from({ length: windowsAhead }, () => submitFile(file)));
  let answered = 0;
  await settle();
  while (device.isBusy) {
    const { inputs } = device.runs[answered++]!;
    const tookMs = runMs(inputs.length);
    const doneMs = nowMs + tookMs;
    for (; nextClipMs <= doneMs && nextClipMs <= endMs; nextClipMs += clipEveryMs) {
      nowMs = nextClipMs;
      work.push(submitClip(nextClipMs));
      await settle();
    }
    nowMs = doneMs;
    busyMs += tookMs;
    device.answer(undefined, tookMs);
    await settle();
  }
  await Promise.all(work);
  return { clips, files, batches: device.runs.map(({ inputs }) => inputs.length), busyMs: Math.min(busyMs, endMs) };
}

/** Lets the scheduler see what happened, and its callers what came of it. */
async function settle(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function meanOf(numbers: readonly number[]): number {
  return sumOf(numbers) / numbers.length;
}
