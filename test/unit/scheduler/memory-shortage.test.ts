import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import type { EventBus } from "../../../src/events.ts";
import { ProcessExitedError } from "../../../src/processes/inference-process.ts";
import type { CpuProcess } from "../../../src/scheduler/cpu-lane.ts";
import type { JobResult } from "../../../src/scheduler/job.ts";
import { Scheduler } from "../../../src/scheduler/scheduler.ts";
import type { SchedulerOptions, SchedulerSettings } from "../../../src/scheduler/scheduler-options.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";
import { FakeProcess } from "../../helpers/fake-process.ts";
import { requestContext } from "../../helpers/request-context.ts";

const settings: SchedulerSettings = {
  maxQueueSize: 100,
  maxQueueLength: 100_000,
  maxBatchSize: 32,
  maxBatchLength: 1024,
  runLimitFloorMs: 2000,
  runLimitFactor: 10,
};

const eight = [1, 2, 3, 4, 5, 6, 7, 8];

test("a batch without enough memory runs again in halves, and so do those after it", async () => {
  const { scheduler, instance, fallbacks } = withInstance();
  const result = submit(scheduler, eight);
  const later = submit(scheduler, eight);
  await work(instance, 8);
  expect([firstLogits(await result), firstLogits(await later)]).toEqual([eight, eight]);
  expect(sizesOf(instance)).toEqual([16, 8, 8]);
  expect(fallbacks).toEqual([{ model: "model", step: "half", windows: 16, paddedLength: 64, device: "cpu" }]);
});

test("halves without enough memory run again each alone, and nothing runs with them", async () => {
  const { scheduler, instance, fallbacks } = withInstance();
  const result = submit(scheduler, eight);
  await work(instance, 3);
  expect(firstLogits(await result)).toEqual(eight);
  // The second half meets what the first has taught.
  expect(sizesOf(instance)).toEqual([8, 4, 1, 1, 1, 1, 2, 2]);
  expect(fallbacks.map(({ step, windows }) => [step, windows])).toEqual([
    ["half", 8],
    ["single", 4],
  ]);
});

test("a window without enough memory alone is computed on the CPU, while others go on", async () => {
  const cpu = new FakeCpu();
  const { scheduler, instance, fallbacks } = withInstance({ cpu });
  const small = submit(scheduler, [1]);
  const large = submit(scheduler, [900]);
  await work(instance, 1, 900);
  await cpu.answerAll();
  expect([firstLogits(await small), firstLogits(await large)]).toEqual([[1], [900]]);
  expect(fallbacks.map(({ step, windows }) => [step, windows])).toEqual([
    ["single", 2],
    ["cpu", 1],
  ]);
  expect([cpu.acquired, cpu.released, scheduler.cpuAnswers]).toEqual([1, 1, 1]);
});

test("windows that are too large by themselves leave the batches of others as large as they were", async () => {
  const cpu = new FakeCpu();
  const { scheduler, instance } = withInstance({ cpu });
  for (const token of [900, 901]) {
    const large = submit(scheduler, [token]);
    await work(instance, 8, 900);
    await cpu.answerAll();
    await large;
  }
  const others = submit(scheduler, eight);
  await work(instance, 8, 900);
  expect(firstLogits(await others)).toEqual(eight);
  expect(sizesOf(instance)).toEqual([1, 1, 8]);
});

test("nor do they make them smaller for long when they came in one batch with them", async () => {
  const cpu = new FakeCpu();
  const { scheduler, instance } = withInstance({ cpu });
  const mixed = submit(scheduler, [...eight, 900, 901]);
  await work(instance, 10, 900);
  await cpu.answerAll();
  expect(firstLogits(await mixed)).toEqual([...eight, 900, 901]);
  const runs = instance.runs.length;
  const others = submit(scheduler, eight);
  await work(instance, 8, 900);
  expect(firstLogits(await others)).toEqual(eight);
  expect(sizesOf(instance).slice(runs)).toEqual([8]);
});

test("where there is no CPU to fall back to, that request is refused for now, and the others are answered", async () => {
  const { scheduler, instance, fallbacks } = withInstance();
  const results = [submit(scheduler, [1]), submit(scheduler, [900, 2]), submit(scheduler, [3])];
  await work(instance, 8, 900);
  expect([firstLogits(await results[0]), firstLogits(await results[2])]).toEqual([[1], [3]]);
  expect(await rejection(results[1])).toMatchObject({ code: "out_of_memory", retryAfterMs: 5000 });
  expect(fallbacks.at(-1)).toMatchObject({ step: "failed", windows: 1 });
  expect(scheduler.queueDepth).toBe(0);
});

test("without enough memory on the CPU either, the request is refused for now", async () => {
  const cpu = new FakeCpu();
  const { scheduler, instance, fallbacks } = withInstance({ cpu });
  const result = submit(scheduler, [900]);
  await work(instance, 8, 900);
  await setImmediate();
  cpu.process.failRun("out_of_memory");
  expect(await rejection(result)).toMatchObject({ code: "out_of_memory" });
  expect(fallbacks.map(({ step }) => step)).toEqual(["cpu", "failed"]);
});

test("a request whose process on the CPU does not get ready is refused for now, and that is counted", async () => {
  const cpu = new FakeCpu();
  cpu.problem = new Error("no process");
  const { scheduler, instance, fallbacks } = withInstance({ cpu });
  const result = submit(scheduler, [900]);
  await work(instance, 8, 900);
  expect(await rejection(result)).toMatchObject({ code: "out_of_memory" });
  expect(fallbacks.map(({ step }) => step)).toEqual(["cpu", "failed"]);
  expect([scheduler.jobCount, scheduler.queueDepth]).toEqual([0, 0]);
});

test("a window that kills the process on the CPU twice fails as it would anywhere", async () => {
  const cpu = new FakeCpu();
  const { scheduler, instance } = withInstance({ cpu });
  const result = submit(scheduler, [900]);
  await work(instance, 8, 900);
  for (let death = 0; death < 2; death++) {
    await setImmediate();
    cpu.process.die();
    cpu.process = new FakeProcess();
    await setImmediate();
  }
  expect(await rejection(result)).toMatchObject({ code: "inference_process_crashed" });
});

test("who leaves while waiting for the CPU is not computed there", async () => {
  const cpu = new FakeCpu();
  const { scheduler, instance } = withInstance({ cpu });
  const leaving = new AbortController();
  const first = submit(scheduler, [900]);
  const second = submit(scheduler, [901], { signal: leaving.signal });
  await work(instance, 8, 900);
  await setImmediate();
  expect(scheduler.queueDepth).toBe(1);
  leaving.abort(new ServiceError("deadline_exceeded", "late"));
  expect(await rejection(second)).toMatchObject({ code: "deadline_exceeded" });
  expect(scheduler.queueDepth).toBe(0);
  await cpu.answerAll();
  expect(firstLogits(await first)).toEqual([900]);
  expect(cpu.process.runs).toHaveLength(1);
});

test("windows that wait for the CPU are computed in the order of their text", async () => {
  const cpu = new FakeCpu();
  const { scheduler, instance } = withInstance({ cpu });
  const isReady = Promise.withResolvers<void>();
  cpu.isReady = isReady.promise;
  const tokens = [900, 901, 902];
  const result = submit(scheduler, tokens);
  await work(instance, 8, 900);
  isReady.resolve();
  await cpu.answerAll();
  expect(firstLogits(await result)).toEqual(tokens);
  expect(cpu.process.runs.map(({ inputs }) => inputs.map(firstToken))).toEqual(tokens.map((token) => [token]));
});

test("windows that wait for the CPU fill the queue, and the suggested wait counts them", async () => {
  const cpu = new FakeCpu();
  const { scheduler, instance } = withInstance(
    { cpu, priorCost: { fixedMs: 1000, perUnitMs: 100 } },
    { maxQueueSize: 2 },
  );
  const client = { address: "192.0.2.1", clientId: "" };
  const first = submit(scheduler, [900], { ...client, requestId: "first" });
  await work(instance, 8, 900);
  expect([scheduler.refusal(client), scheduler.oldestWaitMs]).toEqual([null, 0]);
  const second = submit(scheduler, [901, 902], { ...client, requestId: "second" });
  await work(instance, 8, 900);
  await sleep(5);
  expect(scheduler.oldestWaitMs).toBeGreaterThan(0);
  // Eight tokens that cost 100 ms each.
  expect(scheduler.refusal(client)).toMatchObject({ code: "overloaded", retryAfterMs: 800 });
  await cpu.answerAll();
  await Promise.all([first, second]);
  expect([scheduler.refusal(client), scheduler.oldestWaitMs]).toEqual([null, 0]);
});

test("who starts the process on the CPU is no standstill", async () => {
  const cpu = new FakeCpu();
  const isReady = Promise.withResolvers<void>();
  cpu.isReady = isReady.promise;
  const { scheduler, instance } = withInstance({ cpu });
  const result = submit(scheduler, [900]);
  await work(instance, 8, 900);
  expect(scheduler.stalledMs(performance.now() + 1000)).toBeLessThan(1100);
  expect(scheduler.movedAt).toBeGreaterThan(performance.now() - 500);
  isReady.resolve();
  await cpu.answerAll();
  expect(firstLogits(await result)).toEqual([900]);
});

test("what runs again in smaller batches takes no other address's turn", async () => {
  const { scheduler, instance } = withInstance();
  const flood = submit(scheduler, eight);
  await setImmediate();
  const other = submit(scheduler, [99], { address: "192.0.2.2" });
  await work(instance, 2);
  await Promise.all([flood, other]);
  const position = instance.runs.findIndex(({ inputs }) => inputs.some((input) => firstToken(input) === 99));
  expect(position).toBeLessThan(3);
});

test("a run that shares its instance with another one is tried alone first", async () => {
  const cpu = new FakeCpu();
  const { scheduler, instance } = withInstance({ cpu, interleavesRuns: () => true }, { maxBatchSize: 1 }, 2);
  const first = submit(scheduler, [1], { requestId: "one" });
  const second = submit(scheduler, [2], { requestId: "two" });
  await setImmediate();
  expect(instance.runs).toHaveLength(2);
  instance.failRun("out_of_memory");
  await setImmediate();
  instance.answer();
  await setImmediate();
  expect(instance.runs).toHaveLength(3);
  instance.answer();
  expect([firstLogits(await first), firstLogits(await second)]).toEqual([[1], [2]]);
  expect(cpu.acquired).toBe(0);
});

test("an instance without enough memory for three single windows in a row is replaced", async () => {
  const { scheduler, instance } = withInstance();
  const results = [900, 901, 902].map((token) => submit(scheduler, [token], { requestId: `${token}` }));
  await work(instance, 8, 900);
  await Promise.all(results.map(rejection));
  expect(instance.killReason).toBe("out_of_memory");
});

test("its successor is kept when there is as little memory in it", async () => {
  const { scheduler, instance } = withInstance();
  const first = [900, 901, 902].map((token) => submit(scheduler, [token]));
  await work(instance, 8, 900);
  await Promise.all(first.map(rejection));
  instance.die({ reason: "out_of_memory" });
  const successor = addInstance(scheduler);
  const next = [903, 904, 905, 906].map((token) => submit(scheduler, [token]));
  await work(successor, 8, 900);
  await Promise.all(next.map(rejection));
  expect(successor.killReason).toBeNull();
});

test("an instance that computes in between is kept", async () => {
  const { scheduler, instance } = withInstance();
  for (const token of [900, 901, 1, 902, 903, 1]) {
    const result = submit(scheduler, [token]);
    await work(instance, 8, 900);
    await Promise.allSettled([result]);
  }
  expect(instance.killReason).toBeNull();
});

test("whatever fits at once, every window comes to its own result or to an error, and none is tried more than five times", async () => {
  const request = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 0, max: 12 }),
      fc.boolean(),
      async (requests, capacity, hasCpu) => {
        const cpu = hasCpu ? new FakeCpu() : null;
        const { scheduler, instances } = withInstance({ cpu });
        const results = requests.map((tokens, index) => submit(scheduler, tokens, { requestId: `${index}` }));
        const tries = new Map<number, number>();
        for (let turn = 0; turn < 500 && scheduler.jobCount > 0; turn++) {
          await setImmediate();
          const instance = instances.at(-1);
          if (instance?.killReason === "out_of_memory") {
            instance.die();
            instances.push(addInstance(scheduler));
          } else if (instance?.isBusy === true) {
            const tokens = instance.runs.at(-1)?.inputs.map(firstToken) ?? [];
            tokens.forEach((token) => tries.set(token, (tries.get(token) ?? 0) + 1));
            if (tokens.length > capacity) {
              instance.failRun("out_of_memory");
            } else {
              instance.answer();
            }
          }
          await cpu?.answerAll();
        }
        expect(scheduler.jobCount).toBe(0);
        const outcomes = await Promise.allSettled(results);
        for (const [index, outcome] of outcomes.entries()) {
          if (capacity > 0 || hasCpu) {
            expect(outcome.status === "fulfilled" ? firstLogits(outcome.value) : outcome).toEqual(requests[index]);
          } else {
            expect(outcome).toMatchObject({ status: "rejected", reason: { code: "out_of_memory" } });
          }
        }
        const copies = (token: number): number => requests.flat().filter((each) => each === token).length;
        for (const [token, count] of tries) {
          expect(count).toBeLessThanOrEqual(5 * copies(token));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("what ran on a device that was lost runs again, each window alone", async () => {
  const { scheduler, instance } = withInstance();
  const result = submit(scheduler, [1, 2]);
  await setImmediate();
  instance.die({ reason: "device_lost", signal: "SIGKILL" });
  const successor = addInstance(scheduler);
  await work(successor, 8);
  expect(firstLogits(await result)).toEqual([1, 2]);
  expect(sizesOf(successor)).toEqual([1, 1]);
});

test("a device that is lost to the same window again is its failure, and explained by it only if it was another device", async () => {
  for (const [devices, isExplained] of [
    [["GPU-a", "GPU-a"], false],
    [["GPU-a", "GPU-b"], true],
  ] as const) {
    const events = strictEventBus();
    const poisoned = collectEvents(events, "window_poisoned");
    const scheduler = schedulerWith({ events });
    const [first, second] = devices.map((gpu) => new FakeProcess({ gpu }));
    scheduler.addInstance(first?.asInferenceProcess ?? expect.unreachable());
    const result = submit(scheduler, [1]);
    await setImmediate();
    first?.die({ reason: "device_lost" });
    scheduler.addInstance(second?.asInferenceProcess ?? expect.unreachable());
    await setImmediate();
    second?.die({ reason: "device_lost" });
    const failure = await rejection(result);
    expect(failure).toMatchObject({ code: "inference_process_crashed", facts: { reason: "device_lost" } });
    expect(failure.cause).toBeInstanceOf(ProcessExitedError);
    expect(poisoned.map(({ pids }) => pids)).toEqual(isExplained ? [[first?.pid, second?.pid]] : []);
  }
});

test("who leaves after its device was lost explains nothing", async () => {
  const events = strictEventBus();
  const poisoned = collectEvents(events, "window_poisoned");
  const { scheduler, instance } = withInstance({ events });
  const leaving = new AbortController();
  const result = submit(scheduler, [1], { signal: leaving.signal });
  await setImmediate();
  instance.die({ reason: "device_lost" });
  await setImmediate();
  leaving.abort(new ServiceError("client_closed_request", "gone"));
  await rejection(result);
  expect(poisoned).toEqual([]);
});

/** A process on the CPU that is there at once, or after `isReady`, or not at all. */
class FakeCpu implements CpuProcess {
  readonly isAvailable = true;
  process = new FakeProcess();
  acquired = 0;
  released = 0;
  problem: Error | null = null;
  isReady: Promise<void> = Promise.resolve();

  async acquire() {
    this.acquired++;
    await this.isReady;
    if (this.problem !== null) {
      throw this.problem;
    }
    return this.process.asInferenceProcess;
  }

  release(): void {
    this.released++;
  }

  async answerAll(): Promise<void> {
    await setImmediate();
    while (this.process.isBusy) {
      this.process.answer();
      await setImmediate();
    }
  }
}

function schedulerWith(
  options: Partial<SchedulerOptions> = {},
  changes: Partial<SchedulerSettings> = {},
  events: EventBus = options.events ?? strictEventBus(),
): Scheduler {
  return new Scheduler({
    model: "model",
    modelId: "1",
    version: "1",
    unit: "tokens",
    // So dear that all that may run together does.
    priorCost: { fixedMs: 1000, perUnitMs: 0.15 },
    endsRunsEarly: false,
    interleavesRuns: () => false,
    cpu: null,
    settings: () => ({ ...settings, ...changes }),
    ...options,
    events,
  });
}

function withInstance(options: Partial<SchedulerOptions> = {}, changes: Partial<SchedulerSettings> = {}, capacity = 1) {
  const events = options.events ?? strictEventBus();
  const scheduler = schedulerWith(options, changes, events);
  const instance = addInstance(scheduler, capacity);
  return { scheduler, instance, instances: [instance], fallbacks: collectEvents(events, "batch_fell_back") };
}

function addInstance(scheduler: Scheduler, capacity = 1): FakeProcess {
  const instance = new FakeProcess({ capacity });
  scheduler.addInstance(instance.asInferenceProcess);
  return instance;
}

/** A request with one window of four tokens for each first token. */
function submit(
  scheduler: Scheduler,
  tokens: readonly number[],
  options: Parameters<typeof requestContext>[0] = {},
): Promise<JobResult> {
  const inputs = tokens.map((token) => ({ kind: "text" as const, inputIds: Int32Array.of(token, 0, 0, 0) }));
  const result = scheduler.submit(inputs, requestContext(options));
  result.catch(() => {});
  return result;
}

/** Computes run after run: of so many windows at once, and none with a first token from `tooLarge` on. */
async function work(instance: FakeProcess, capacity: number, tooLarge = 10_000): Promise<void> {
  await setImmediate();
  while (instance.isBusy && instance.killReason === null) {
    const tokens = instance.runs.at(-1)?.inputs.map(firstToken) ?? [];
    if (tokens.length > capacity || tokens.some((token) => token >= tooLarge)) {
      instance.failRun("out_of_memory");
    } else {
      instance.answer();
    }
    await setImmediate();
    await setImmediate();
  }
}

function sizesOf(instance: FakeProcess): number[] {
  return instance.runs.map(({ inputs }) => inputs.length);
}

function firstToken(input: FakeProcess["runs"][number]["inputs"][number]): number {
  return input.kind === "text" ? (input.inputIds[0] ?? -1) : -1;
}

function firstLogits(result: JobResult | undefined): number[] {
  return result?.outputs.map((output) => (output.kind === "logits" ? (output.logits[0] ?? -1) : -1)) ?? [];
}

async function rejection(promise: Promise<unknown> | undefined): Promise<ServiceError> {
  const error = await promise?.then(
    () => new Error("the promise was not rejected"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ServiceError)) {
    throw error;
  }
  return error;
}
