import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import type { EventBus } from "../../../src/events.ts";
import type { WindowInput } from "../../../src/processes/protocol.ts";
import { RequestTimeline } from "../../../src/request-timeline.ts";
import { Deadline } from "../../../src/scheduler/deadline.ts";
import type { JobResult } from "../../../src/scheduler/job.ts";
import { Scheduler } from "../../../src/scheduler/scheduler.ts";
import type { SchedulerSettings } from "../../../src/scheduler/scheduler-options.ts";
import { audioWindow } from "../../helpers/audio-window.ts";
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

const textScheduling = {
  model: "model",
  modelId: "1",
  version: "1",
  unit: "tokens",
  priorCost: { fixedMs: 1, perUnitMs: 0.15 },
  endsRunsEarly: false,
  interleavesRuns: () => false,
  cpu: null,
} as const;

test("requests of one turn of the event loop run in one batch", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const results = [submit(scheduler, [10]), submit(scheduler, [20])];
  expect(instance.runs).toHaveLength(0);
  await setImmediate();
  expect(instance.runLengths).toEqual([[4, 4]]);
  instance.answer();
  expect((await Promise.all(results)).map(firstLogits)).toEqual([[10], [20]]);
});

test("each window's output goes back to its place in its own job, however the windows were batched", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxBatchSize: 3 });
  const results = [submit(scheduler, [11, 12, 13]), submit(scheduler, [21, 22]), submit(scheduler, [31, 32, 33, 34])];
  await answerAll(instance);
  expect((await Promise.all(results)).map(firstLogits)).toEqual([
    [11, 12, 13],
    [21, 22],
    [31, 32, 33, 34],
  ]);
  expect(Math.max(...instance.runs.map(({ inputs }) => inputs.length))).toBe(3);
});

test("clients take turns: a flood does not delay another client's request to its own end", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxBatchSize: 2 });
  const flood = submit(scheduler, [1, 2, 3, 4, 5, 6, 7, 8]);
  const other = submit(scheduler, [99], { address: "192.0.2.2" });
  await answerAll(instance);
  await Promise.all([flood, other]);
  expect(firstTokens(instance)[0]).toEqual([1, 99]);
});

test("two instances share what waits", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const second = addInstance(scheduler);
  const result = submit(scheduler, [1, 2, 3, 4]);
  await setImmediate();
  expect([instance.runLengths, second.runLengths]).toEqual([[[4, 4]], [[4, 4]]]);
  instance.answer();
  second.answer();
  expect(firstLogits(await result)).toEqual([1, 2, 3, 4]);
});

test("an instance gets its next batch as soon as it answered, and an instance that comes later helps", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxBatchSize: 1 });
  const result = submit(scheduler, [1, 2, 3]);
  await setImmediate();
  const late = addInstance(scheduler);
  await setImmediate();
  expect(firstTokens(late)).toEqual([[2]]);
  instance.answer();
  await setImmediate();
  expect(firstTokens(instance)).toEqual([[1], [3]]);
  instance.answer();
  late.answer();
  expect(firstLogits(await result)).toEqual([1, 2, 3]);
});

test("the run limit is the floor, or a multiple of the predicted time when that is more", async () => {
  const { scheduler, instance } = schedulerWithInstance({ runLimitFloorMs: 20, runLimitFactor: 10 });
  const short = submit(scheduler, [1]);
  await setImmediate();
  const [shortLimitMs] = instance.runs.map(({ limitMs }) => limitMs);
  instance.answer();
  await short;
  const long = submit(scheduler, [1], {}, 1000);
  await setImmediate();
  expect(shortLimitMs).toBe(20);
  expect(instance.runs[1]?.limitMs).toBeGreaterThan(100);
  instance.answer();
  await long;
});

test("a job that is refused never waits in the queue, one that is let in does", async () => {
  const scheduler = schedulerWith({ maxQueueSize: 1, maxQueueLength: 1000 });
  const controller = new AbortController();
  const stagesOf = (length: number) => {
    const timeline = new RequestTimeline();
    const result = submit(scheduler, [1], { signal: controller.signal, timeline }, length);
    return { result, names: () => timeline.stages.map(({ name }) => name) };
  };
  const tooLarge = stagesOf(251);
  const waiting = stagesOf(4);
  const refused = stagesOf(4);
  expect(await rejection(tooLarge.result)).toMatchObject({ code: "payload_too_large" });
  expect(await rejection(refused.result)).toMatchObject({ code: "overloaded" });
  expect([tooLarge.names(), waiting.names(), refused.names()]).toEqual([[], ["queue"], []]);
  controller.abort(new ServiceError("client_closed_request", "gone"));
  await Promise.allSettled([waiting.result]);
});

test("a full queue refuses at once, with a wait that grows with what waits", async () => {
  const scheduler = schedulerWith({ maxQueueSize: 4 });
  const controller = new AbortController();
  const waiting = [1, 2].map((id) => submit(scheduler, [id], { signal: controller.signal }, 1000));
  const refused = await rejection(submit(scheduler, [3]));
  expect(refused).toMatchObject({ code: "overloaded" });
  expect(refused.retryAfterMs).toBeGreaterThanOrEqual(50);
  const others = ["A", "B"].map((address) => submit(scheduler, [1], { address, signal: controller.signal }, 1000));
  const later = scheduler.refusal({ address: "192.0.2.1", clientId: "client" });
  expect(later?.retryAfterMs).toBeGreaterThan(refused.retryAfterMs ?? 0);
  controller.abort(new ServiceError("client_closed_request", "gone"));
  await Promise.allSettled([...waiting, ...others]);
});

test("a queue full of tokens refuses too, and has room again when they have left", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxQueueLength: 1000, maxBatchLength: 128 });
  const client = { address: "192.0.2.1", clientId: "client" };
  const results = [1, 2, 3].map((id) => submit(scheduler, [id, id], {}, 100));
  expect(scheduler.refusal(client)).toMatchObject({ code: "overloaded" });
  expect(await rejection(submit(scheduler, [9]))).toMatchObject({ code: "overloaded" });
  await answerAll(instance);
  await Promise.all(results);
  expect(scheduler.refusal(client)).toBeNull();
});

test("a request that would take more than a quarter of the queue's tokens is too large, however empty the queue", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxQueueLength: 1000 });
  const tooLarge = await rejection(submit(scheduler, [1, 2], {}, 126));
  expect(tooLarge).toMatchObject({ code: "payload_too_large" });
  expect(tooLarge.message).toContain("252 tokens in windows, more than the 250 of one");
  expect(scheduler.jobCount).toBe(0);
  const largest = submit(scheduler, [1, 2], {}, 125);
  await answerAll(instance);
  expect(firstLogits(await largest)).toEqual([1, 2]);
});

test("a suggested wait is between 50 milliseconds and a minute", async () => {
  const scheduler = schedulerWith({ maxQueueSize: 1, maxQueueLength: 100_000_000 });
  const controller = new AbortController();
  const waiting = submit(scheduler, [1], { signal: controller.signal }, 4);
  expect(scheduler.refusal({ address: "A", clientId: "x" })?.retryAfterMs).toBe(50);
  controller.abort(new ServiceError("client_closed_request", "gone"));
  await rejection(waiting);
  void submit(scheduler, [1], {}, 1_000_000);
  expect(scheduler.refusal({ address: "A", clientId: "x" })?.retryAfterMs).toBe(60_000);
});

test("a request that was aborted before it came is not queued", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const reason = new ServiceError("client_closed_request", "The client went away.");
  expect(await rejection(submit(scheduler, [1], { signal: AbortSignal.abort(reason) }))).toBe(reason);
  await setImmediate();
  expect([scheduler.jobCount, instance.runs.length]).toEqual([0, 0]);
});

test("an aborted request leaves the queue at once, with the signal's reason, and is never run", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxBatchSize: 2 });
  const controller = new AbortController();
  const running = submit(scheduler, [1, 2]);
  const aborted = submit(scheduler, [7, 8, 9], { address: "192.0.2.2", signal: controller.signal });
  const refusedBefore = scheduler.queueDepth;
  await setImmediate();
  const reason = new ServiceError("deadline_exceeded", "The deadline passed.");
  controller.abort(reason);
  expect(await rejection(aborted)).toBe(reason);
  expect(refusedBefore).toBe(5);
  expect(scheduler.queueDepth).toBe(1);
  await answerAll(instance);
  await running;
  expect(firstTokens(instance).flat()).not.toContain(8);
  expect(scheduler.jobCount).toBe(0);
});

test("what was aborted while it ran does not disturb its batch mates, and its place is given back", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const controller = new AbortController();
  const aborted = submit(scheduler, [1], { signal: controller.signal });
  const mate = submit(scheduler, [2]);
  await setImmediate();
  controller.abort(new ServiceError("client_closed_request", "gone"));
  expect(await rejection(aborted)).toMatchObject({ code: "client_closed_request" });
  expect(scheduler.jobCount).toBe(1);
  instance.answer();
  expect(firstLogits(await mate)).toEqual([2]);
});

test("a request whose deadline passed in the queue is never run, even when no timer said so", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const expired = submit(scheduler, [1], { deadline: Deadline.after(0, 0) });
  const alive = submit(scheduler, [2]);
  expect(await rejection(expired)).toMatchObject({ code: "deadline_exceeded" });
  expect(firstTokens(instance)).toEqual([[2]]);
  instance.answer();
  await alive;
});

test("the windows of a batch that died run again, each alone, and give their results", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const results = [submit(scheduler, [1, 2]), submit(scheduler, [3])];
  await setImmediate();
  instance.die();
  const replacement = addInstance(scheduler);
  await answerAll(replacement);
  expect((await Promise.all(results)).map(firstLogits)).toEqual([[1, 2], [3]]);
  expect(replacement.runs.map(({ inputs }) => inputs.length)).toEqual([1, 1, 1]);
});

test("what died with a batch runs before what its client has waiting", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const died = submit(scheduler, [1]);
  await setImmediate();
  const waiting = submit(scheduler, [2]);
  instance.die();
  await setImmediate();
  const replacement = addInstance(scheduler);
  await answerAll(replacement);
  await Promise.all([died, waiting]);
  expect(firstTokens(replacement)).toEqual([[1], [2]]);
});

test("what died with a batch takes no other address's turn", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const died = [1, 2, 3, 4].map((token) => submit(scheduler, [token]));
  await setImmediate();
  const waiting = submit(scheduler, [5], { address: "192.0.2.2" });
  instance.die();
  await setImmediate();
  const replacement = addInstance(scheduler);
  await answerAll(replacement);
  await Promise.all([...died, waiting]);
  expect(firstTokens(replacement).flat().indexOf(5)).toBeLessThan(2);
});

test("a poisoned text fails alone, its batch mates get their scores", async () => {
  const poison = 666;
  const scheduler = schedulerWith();
  const results = [submit(scheduler, [1]), submit(scheduler, [2, poison, 3]), submit(scheduler, [4])];
  const answered = await answerUnlessPoisoned(scheduler, poison, 12);
  expect(firstLogits(await results[0])).toEqual([1]);
  expect(firstLogits(await results[2])).toEqual([4]);
  expect(await rejection(results[1])).toMatchObject({
    code: "inference_process_crashed",
    facts: { reason: "crashed", exitCode: null, signal: "SIGSEGV" },
  });
  // Twice: once with its batch mates, once alone.
  expect(answered.filter((tokens) => tokens.includes(poison)).map((tokens) => tokens.length)).toEqual([5, 1]);
});

test("a run that fails in a sound process is tried again alone, and a second failure is an internal error", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const results = [submit(scheduler, [1]), submit(scheduler, [2])];
  await setImmediate();
  instance.failRun();
  await setImmediate();
  expect(firstTokens(instance)).toEqual([[1, 2], [1]]);
  instance.failRun();
  expect(await rejection(results[0])).toMatchObject({ code: "internal_error" });
  await answerAll(instance);
  expect(firstLogits(await results[1])).toEqual([2]);
});

test("what was aborted after its batch died is not run again", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const controller = new AbortController();
  const aborted = submit(scheduler, [1, 2], { signal: controller.signal });
  const mate = submit(scheduler, [3]);
  await setImmediate();
  instance.die();
  await setImmediate();
  controller.abort(new ServiceError("deadline_exceeded", "late"));
  await rejection(aborted);
  const replacement = addInstance(scheduler);
  await answerAll(replacement);
  expect(firstLogits(await mate)).toEqual([3]);
  expect(firstTokens(replacement)).toEqual([[3]]);
});

test("a process whose kill is on the way gets no batch", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  instance.kill("protocol_violation");
  const result = submit(scheduler, [1, 2]);
  await setImmediate();
  instance.die();
  const replacement = addInstance(scheduler);
  await answerAll(replacement);
  expect(firstLogits(await result)).toEqual([1, 2]);
  // Together: they were in no batch that died.
  expect(firstTokens(replacement)).toEqual([[1, 2]]);
});

test("a process that died while idle gets no batch", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const other = addInstance(scheduler);
  instance.die();
  await setImmediate();
  const result = submit(scheduler, [1, 2]);
  await answerAll(other);
  await result;
  expect([firstTokens(instance), firstTokens(other)]).toEqual([[], [[1, 2]]]);
});

test("an answer with too few outputs is an invalid prediction of every request in the batch", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const results = [submit(scheduler, [1]), submit(scheduler, [2])];
  await setImmediate();
  instance.answer([{ kind: "logits", logits: Float32Array.of(0, 0) }]);
  for (const result of results) {
    expect(await rejection(result)).toMatchObject({
      code: "invalid_prediction",
      facts: { windows: 2, outputs: 1 },
    });
  }
});

test("each completed batch is told with its windows, their length, padding and time", async () => {
  const events = strictEventBus();
  const batches = collectEvents(events, "batch_completed");
  const { scheduler, instance } = schedulerWithInstance({ runLimitFloorMs: 1 }, events);
  const results = [submit(scheduler, [1], {}, 10), submit(scheduler, [2], {}, 12)];
  await setImmediate();
  instance.answer(undefined, 7);
  await Promise.all(results);
  expect(batches).toEqual([{ model: "model", windows: 2, length: 22, paddedLength: 24, inferenceMs: 7 }]);
});

test("failing all fails what waits and what runs", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxBatchSize: 1 });
  const results = [submit(scheduler, [1]), submit(scheduler, [2])];
  await setImmediate();
  const error = new ServiceError("circuit_open", "The model cannot be started at present.");
  scheduler.failAll(error);
  expect(await Promise.all(results.map(rejection))).toEqual([error, error]);
  expect([scheduler.jobCount, scheduler.queueDepth]).toEqual([0, 0]);
  instance.answer();
  await setImmediate();
  expect(firstTokens(instance)).toEqual([[1]]);
});

test("it is drained at once when nothing waits or runs", async () => {
  await expect(schedulerWith().drained()).resolves.toBeUndefined();
});

test("everybody who waits for the drain hears when the last request is answered", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxBatchSize: 1 });
  const results = [submit(scheduler, [1]), submit(scheduler, [2])];
  const heard: string[] = [];
  const drains = ["first", "second"].map((name) => scheduler.drained().then(() => heard.push(name)));
  await setImmediate();
  instance.answer();
  await results[0];
  await setImmediate();
  expect(heard).toEqual([]);
  instance.answer();
  await Promise.all([...results, ...drains]);
  expect(heard).toEqual(["first", "second"]);
});

test("settings that change take effect at the next batch", async () => {
  let current = { ...settings, maxBatchSize: 1 };
  const scheduler = new Scheduler({ ...textScheduling, events: strictEventBus(), settings: () => current });
  const instance = addInstance(scheduler);
  const result = submit(scheduler, [1, 2, 3]);
  await setImmediate();
  current = { ...settings, maxBatchSize: 2 };
  instance.answer();
  await answerAll(instance);
  await result;
  expect(firstTokens(instance)).toEqual([[1], [2, 3]]);
});

test("parts of a request that was let in are never refused for want of room, and share its turn", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxQueueSize: 1, maxBatchSize: 1 });
  const parts = [1, 2, 3].map((token) => submitPart(scheduler, token));
  expect(await rejection(submit(scheduler, [4]))).toMatchObject({ code: "overloaded" });
  expect(scheduler.queueDepth).toBe(3);
  await answerAll(instance);
  expect((await Promise.all(parts)).map(firstLogits)).toEqual([[1], [2], [3]]);
});

test("a long file's many parts take one turn together: another request waits for one of them only", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxBatchSize: 1 });
  const parts = [1, 2, 3, 4].map((token) => submitPart(scheduler, token, { requestId: "long" }));
  const short = submitPart(scheduler, 99, { requestId: "short" });
  await answerAll(instance);
  await Promise.all([...parts, short]);
  expect(firstTokens(instance).flat().indexOf(99)).toBe(1);
});

test("a part whose request has ended is not queued", async () => {
  const { scheduler } = schedulerWithInstance();
  const reason = new ServiceError("client_closed_request", "gone");
  expect(await rejection(submitPart(scheduler, 1, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  expect(scheduler.jobCount).toBe(0);
});

test("a request that has nothing running starts at once beside another's run", async () => {
  const { scheduler, instance } = speechScheduler();
  const long = [1, 2].map((feature) => hear(scheduler, feature, "long"));
  await setImmediate();
  expect(firstTokens(instance)).toEqual([[1]]);
  const short = hear(scheduler, 99, "short");
  await setImmediate();
  expect(firstTokens(instance)).toEqual([[1], [99]]);
  await answerAll(instance);
  await Promise.all([...long, short]);
});

test("two runs beside each other are enough, and an idle instance is used before a busy one", async () => {
  const { scheduler, instance } = speechScheduler();
  const second = addInstance(scheduler, 2);
  const results = ["A", "B", "C", "D", "E"].map((requestId, feature) => hear(scheduler, feature, requestId));
  await setImmediate();
  expect([firstTokens(instance), firstTokens(second)]).toEqual([
    [[0], [2]],
    [[1], [3]],
  ]);
  expect(scheduler.queueDepth).toBe(1);
  await answerAll(instance);
  await answerAll(second);
  await Promise.all(results);
});

test("when one of two runs ends, the request that has used least takes its place, and the other run goes on", async () => {
  const { scheduler, instance } = speechScheduler();
  const results = [hear(scheduler, 1, "A"), hear(scheduler, 2, "B"), hear(scheduler, 3, "A"), hear(scheduler, 4, "C")];
  await setImmediate();
  expect(firstTokens(instance)).toEqual([[1], [2]]);
  instance.answer();
  await setImmediate();
  expect(firstTokens(instance)).toEqual([[1], [2], [4]]);
  expect(instance.runs).toHaveLength(3);
  await answerAll(instance);
  await Promise.all(results);
});

test("no run of texts is put beside another", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const results = [submit(scheduler, [1]), submit(scheduler, [2], { address: "192.0.2.2" })];
  await setImmediate();
  const third = submit(scheduler, [3], { address: "192.0.2.3" });
  await setImmediate();
  expect(instance.runs).toHaveLength(1);
  expect(instance.runs[0]?.interruption).toBeUndefined();
  await answerAll(instance);
  await Promise.all([...results, third]);
});

test("runs that died beside each other run again alone, without anything beside them", async () => {
  const { scheduler, instance } = speechScheduler();
  const results = [hear(scheduler, 1, "A"), hear(scheduler, 2, "B")];
  await setImmediate();
  instance.die();
  await setImmediate();
  const replacement = addInstance(scheduler, 2);
  const late = hear(scheduler, 3, "C");
  await setImmediate();
  expect(replacement.runs).toHaveLength(1);
  await answerAll(replacement);
  await Promise.all([...results, late]);
  expect(
    firstTokens(replacement)
      .flat()
      .toSorted((a, b) => a - b),
  ).toEqual([1, 2, 3]);
});

test("a run that kills its process twice fails alone, also when another ran beside it at first", async () => {
  const { scheduler, instance } = speechScheduler();
  const results = [hear(scheduler, 666, "A"), hear(scheduler, 2, "B")];
  await setImmediate();
  instance.die();
  for (let processes = 0; processes < 3; processes++) {
    await setImmediate();
    const replacement = addInstance(scheduler, 2);
    await setImmediate();
    while (replacement.isBusy) {
      if (firstTokens(replacement).at(-1)?.[0] === 666) {
        replacement.die();
      } else {
        replacement.answer();
      }
      await setImmediate();
    }
  }
  expect(await rejection(results[0])).toMatchObject({ code: "inference_process_crashed" });
  expect(firstLogits(await results[1])).toEqual([2]);
});

test("a run is told to end early when its request is aborted, and its instance is free once it has", async () => {
  const { scheduler, instance } = speechScheduler();
  const controller = new AbortController();
  const aborted = hear(scheduler, 1, "A", controller.signal);
  await setImmediate();
  const waiting = hear(scheduler, 2, "A");
  await setImmediate();
  controller.abort(new ServiceError("client_closed_request", "gone"));
  expect(await rejection(aborted)).toMatchObject({ code: "client_closed_request" });
  expect(instance.runs[0]?.interruption?.aborted).toBe(true);
  expect(firstTokens(instance)).toEqual([[1]]);
  instance.failRun();
  await setImmediate();
  expect(firstTokens(instance)).toEqual([[1], [2]]);
  instance.answer();
  expect(firstLogits(await waiting)).toEqual([2]);
});

test("an instance that retires finishes its run, is given nothing more, and then is let go", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const running = submit(scheduler, [1]);
  await setImmediate();
  const waiting = submit(scheduler, [2]);
  let isFree = false;
  const retired = scheduler.retire(instance.asInferenceProcess).then(() => (isFree = true));
  await setImmediate();
  expect(isFree).toBe(false);
  instance.answer();
  await retired;
  expect(firstLogits(await running)).toEqual([1]);
  const successor = addInstance(scheduler);
  await answerAll(successor);
  expect(firstLogits(await waiting)).toEqual([2]);
  expect([firstTokens(instance), firstTokens(successor)]).toEqual([[[1]], [[2]]]);
});

test("an idle instance retires at once, and takes nothing more", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  await scheduler.retire(instance.asInferenceProcess);
  const waiting = submit(scheduler, [1]);
  await setImmediate();
  expect(instance.runs).toHaveLength(0);
  await answerAll(addInstance(scheduler));
  expect(firstLogits(await waiting)).toEqual([1]);
});

test("an instance that dies while it retires is let go, and its windows run elsewhere", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const running = submit(scheduler, [1]);
  await setImmediate();
  const retired = scheduler.retire(instance.asInferenceProcess);
  instance.die();
  await retired;
  await answerAll(addInstance(scheduler));
  expect(firstLogits(await running)).toEqual([1]);
});

test("an instance that retires takes no run beside another, and is let go after the last of two", async () => {
  const { scheduler, instance } = speechScheduler();
  const results = ["A", "B"].map((requestId, feature) => hear(scheduler, feature, requestId));
  await setImmediate();
  let isFree = false;
  const retired = scheduler.retire(instance.asInferenceProcess).then(() => (isFree = true));
  instance.answer();
  const late = hear(scheduler, 9, "C");
  await setImmediate();
  expect([firstTokens(instance), isFree]).toEqual([[[0], [1]], false]);
  instance.answer();
  await retired;
  await answerAll(addInstance(scheduler, 2));
  await Promise.all([...results, late]);
  expect(instance.runs).toHaveLength(2);
});

function schedulerWith(changes: Partial<SchedulerSettings> = {}, events: EventBus = strictEventBus()): Scheduler {
  return new Scheduler({ ...textScheduling, events, settings: () => ({ ...settings, ...changes }) });
}

test("work is stalled from when it came into an idle scheduler, or from the last result, and never without work", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxBatchSize: 1 });
  const later = performance.now() + 60_000;
  expect(scheduler.stalledMs(later)).toBe(0);
  const before = performance.now();
  const results = [submit(scheduler, [1]), submit(scheduler, [2])];
  await setImmediate();
  expect(scheduler.stalledMs(before)).toBe(0);
  const first = scheduler.stalledMs(later);
  expect(first).toBeGreaterThan(50_000);
  await sleep(5);
  expect(scheduler.stalledMs(later)).toBe(first);
  instance.answer();
  await setImmediate();
  expect(scheduler.stalledMs(later)).toBeLessThan(first);
  await answerAll(instance);
  await Promise.all(results);
  expect(scheduler.stalledMs(later)).toBe(0);
});

test("a sign of progress is a sign of life", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  const result = submit(scheduler, [1]);
  await setImmediate();
  instance.lastSignAt = performance.now() + 1_000;
  expect(scheduler.stalledMs(instance.lastSignAt + 7)).toBe(7);
  await answerAll(instance);
  await result;
});

test("a run that nobody waits for any more is work that can be stalled, even if requests come and go meanwhile", async () => {
  const { scheduler } = schedulerWithInstance();
  const since = performance.now();
  for (let request = 0; request < 3; request++) {
    const leaving = new AbortController();
    const result = submit(scheduler, [1], { signal: leaving.signal });
    await setImmediate();
    leaving.abort(new ServiceError("client_closed_request", "gone"));
    await rejection(result);
    await sleep(5);
  }
  expect(scheduler.jobCount).toBe(0);
  expect(scheduler.stalledMs(since + 10_000)).toBeGreaterThan(9_990);
});

test("a client waits while nothing of it runs: before its run, and again after that died with its process", async () => {
  const { scheduler, instance } = schedulerWithInstance({ maxBatchSize: 1 });
  const client = { address: "192.0.2.9", clientId: "" };
  const first = submit(scheduler, [1]);
  await setImmediate();
  const second = submit(scheduler, [2], client);
  expect(scheduler.isWaiting(client)).toBe(true);
  await setImmediate();
  instance.answer();
  await setImmediate();
  expect(scheduler.isWaiting(client)).toBe(false);
  instance.die();
  await setImmediate();
  expect(scheduler.isWaiting(client)).toBe(true);
  await answerAll(addInstance(scheduler));
  await Promise.all([first, second]);
  expect(scheduler.isWaiting(client)).toBe(false);
});

test("the longest run is the longest under way, or one of the length that is asked for", async () => {
  const { scheduler, instance } = schedulerWithInstance();
  expect(scheduler.longestRunMs(100)).toBeCloseTo(16);
  const result = submit(scheduler, [1], {}, 400);
  await setImmediate();
  expect(scheduler.longestRunMs(100)).toBeCloseTo(61);
  await answerAll(instance);
  await result;
});

test("what may be silent is what the longest run under way is granted, and nothing without one", async () => {
  const { scheduler, instance } = schedulerWithInstance({ runLimitFloorMs: 500 });
  expect(scheduler.grantedMs).toBe(0);
  const result = submit(scheduler, [1], {}, 4);
  await setImmediate();
  expect(scheduler.grantedMs).toBe(500);
  await answerAll(instance);
  await result;
  expect(scheduler.grantedMs).toBe(0);
});

test("a window that killed two processes, the second alone, explains both and names its client; others explain none", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "window_poisoned");
  const { scheduler, instance } = schedulerWithInstance({}, events);
  const innocent = submit(scheduler, [1], { address: "192.0.2.1" });
  const poison = submit(scheduler, [2], { address: "192.0.2.2" });
  await setImmediate();
  instance.die();
  const second = addInstance(scheduler);
  await setImmediate();
  while (firstTokens(second).at(-1)?.[0] !== 2) {
    second.answer();
    await setImmediate();
  }
  expect(told).toEqual([]);
  second.die();
  await rejection(poison);
  const third = addInstance(scheduler);
  await answerAll(third);
  await innocent;
  expect(told).toEqual([{ model: "model", modelId: "1", pids: [instance.pid, second.pid], client: "192.0.2.2" }]);
});

test.each(["before its process dies", "before its second run"])("who leaves %s explains the end", async (when) => {
  const events = strictEventBus();
  const told = collectEvents(events, "window_poisoned");
  const { scheduler, instance } = schedulerWithInstance({}, events);
  const leaving = new AbortController();
  const result = submit(scheduler, [1], { address: "192.0.2.2", signal: leaving.signal });
  await setImmediate();
  if (when === "before its second run") {
    instance.die();
    await setImmediate();
    expect(told).toEqual([]);
  }
  leaving.abort(new ServiceError("client_closed_request", "gone"));
  await rejection(result);
  if (when === "before its process dies") {
    expect(told).toEqual([]);
    instance.die();
    await setImmediate();
  }
  expect(told).toEqual([{ model: "model", modelId: "1", pids: [instance.pid], client: "192.0.2.2" }]);
});

test("who leaves explains no end of a process that others had windows in, and none of a run that was answered", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "window_poisoned");
  const { scheduler, instance } = schedulerWithInstance({}, events);
  const leaving = new AbortController();
  const innocent = submit(scheduler, [1], { address: "192.0.2.1" });
  const left = submit(scheduler, [2], { address: "192.0.2.2", signal: leaving.signal });
  await setImmediate();
  leaving.abort(new ServiceError("client_closed_request", "gone"));
  await rejection(left);
  instance.die();
  await answerAll(addInstance(scheduler));
  await innocent;
  expect(told).toEqual([]);
});

test("of two runs side by side that died together, neither client explains the end by leaving", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "window_poisoned");
  const { scheduler, instance } = speechScheduler(events);
  const leaving = new AbortController();
  const gone = new ServiceError("client_closed_request", "gone");
  const results = ["192.0.2.1", "192.0.2.2"].map((address) => {
    return submitPart(scheduler, 1, { address, requestId: address, signal: leaving.signal });
  });
  await setImmediate();
  expect(instance.runs).toHaveLength(2);
  instance.die();
  await setImmediate();
  leaving.abort(gone);
  expect(await Promise.all(results.map(rejection))).toEqual([gone, gone]);
  expect(told).toEqual([]);
});

test("a run that fails twice in sound processes explains no end", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "window_poisoned");
  const { scheduler, instance } = schedulerWithInstance({}, events);
  const result = submit(scheduler, [1]);
  await setImmediate();
  instance.failRun();
  await setImmediate();
  await setImmediate();
  instance.failRun();
  await rejection(result);
  expect(told).toEqual([]);
});

function schedulerWithInstance(
  changes: Partial<SchedulerSettings> = {},
  events: EventBus = strictEventBus(),
): { scheduler: Scheduler; instance: FakeProcess } {
  const scheduler = schedulerWith(changes, events);
  return { scheduler, instance: addInstance(scheduler) };
}

/** As speech is scheduled: one window a run, two runs of different requests on one instance. */
function speechScheduler(events: EventBus = strictEventBus()): { scheduler: Scheduler; instance: FakeProcess } {
  const scheduler = new Scheduler({
    ...textScheduling,
    unit: "frames",
    endsRunsEarly: true,
    interleavesRuns: () => true,
    events,
    settings: () => ({ ...settings, maxBatchSize: 1 }),
  });
  return { scheduler, instance: addInstance(scheduler, 2) };
}

function addInstance(scheduler: Scheduler, capacity = 1): FakeProcess {
  const instance = new FakeProcess({ capacity });
  scheduler.addInstance(instance.asInferenceProcess);
  return instance;
}

/** A request with one window per first token; the windows are `length` tokens long. */
function submit(
  scheduler: Scheduler,
  firstTokensOfWindows: readonly number[],
  options: Parameters<typeof requestContext>[0] = {},
  length = 4,
): Promise<JobResult> {
  const inputs = firstTokensOfWindows.map((token) => {
    const inputIds = new Int32Array(length);
    inputIds[0] = token;
    return { kind: "text" as const, inputIds };
  });
  const result = scheduler.submit(inputs, requestContext(options));
  // Tests look at a rejection later than it happens.
  result.catch(() => {});
  return result;
}

/** One text window of a request that was let in, with this first token. */
function submitPart(
  scheduler: Scheduler,
  token: number,
  options: Parameters<typeof requestContext>[0] = {},
): Promise<JobResult> {
  const result = scheduler.submitPart(
    [{ kind: "text", inputIds: Int32Array.of(token, 0, 0, 0) }],
    requestContext(options),
  );
  result.catch(() => {});
  return result;
}

/** One audio window of a request, with this first feature. */
function hear(scheduler: Scheduler, feature: number, requestId: string, signal?: AbortSignal): Promise<JobResult> {
  const input = audioWindow({ features: Float32Array.of(feature) });
  const options = signal === undefined ? { requestId } : { requestId, signal };
  const result = scheduler.submitPart([input], requestContext(options));
  result.catch(() => {});
  return result;
}

/** Answers run after run until the instance is given no more. */
async function answerAll(instance: FakeProcess): Promise<void> {
  await setImmediate();
  while (instance.isBusy) {
    instance.answer();
    await setImmediate();
  }
}

/**
 * Answers up to `limit` runs, with a new process after each that died of the poison. Returns the first tokens of the
 * windows of every run.
 */
async function answerUnlessPoisoned(scheduler: Scheduler, poison: number, limit: number): Promise<number[][]> {
  const processes = [addInstance(scheduler)];
  for (let run = 0; run < limit; run++) {
    await setImmediate();
    const current = processes.at(-1);
    if (current?.isBusy !== true) {
      break;
    }
    if (firstTokens(current).at(-1)?.includes(poison) === true) {
      current.die();
      await setImmediate();
      processes.push(addInstance(scheduler));
    } else {
      current.answer();
    }
  }
  return processes.flatMap(firstTokens);
}

function firstTokens(instance: FakeProcess): number[][] {
  return instance.runs.map(({ inputs }) => inputs.map(firstNumber));
}

function firstLogits(result: JobResult | undefined): number[] {
  return result?.outputs.map((output) => (output.kind === "logits" ? (output.logits[0] ?? -1) : -1)) ?? [];
}

/** The first token id, or the first feature. */
function firstNumber(input: WindowInput): number {
  return (input.kind === "text" ? input.inputIds : input.features)[0] ?? -1;
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
