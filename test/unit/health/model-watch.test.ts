import { expect, test } from "vitest";
import { type ErrorCode, ServiceError } from "../../../src/errors.ts";
import { ModelWatch } from "../../../src/health/model-watch.ts";
import type { RequestContext } from "../../../src/scheduler/request-context.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";
import { FakeMonitoredModel } from "../../helpers/fake-monitored-model.ts";
import { validManifest } from "../../helpers/model-folder.ts";

test("a model is not ready before a canary or a client got a valid answer", async () => {
  const { watch } = watched();
  expect(watch.detail(performance.now())).toBe("no answer of the model was checked yet");
  expect(watch.isCanaryDue(performance.now())).toBe(true);
  expect(await watch.askCanary()).toBe("ok");
  expect(watch.detail(performance.now())).toBe("");
  expect(watch.lastCanary?.result).toBe("ok");
});

test("no canary is asked while clients get valid answers, and one is after a period without", async () => {
  const { watch } = watched();
  await watch.askCanary();
  const now = performance.now() + 1_000;
  watch.answered(true, now);
  expect(watch.isCanaryDue(now + periodMs - 1)).toBe(false);
  watch.answered(true, now + periodMs - 1);
  expect(watch.isCanaryDue(now + periodMs)).toBe(false);
  expect(watch.isCanaryDue(now + 2 * periodMs)).toBe(true);
});

test("a model that is not required is asked no canaries, and its silence says nothing", () => {
  const { watch, model } = watched();
  model.isRequired = false;
  const later = performance.now() + 10 * periodMs;
  expect(watch.isCanaryDue(later)).toBe(false);
  expect(watch.detail(later)).toBe("");
  watch.answered(false, later);
  expect(watch.detail(later)).toBe("the model gave no valid answer");
});

test("no canary is asked of a model that is not ready", () => {
  const { watch, model } = watched();
  model.currentState = "circuit_open";
  expect(watch.isCanaryDue(performance.now())).toBe(false);
});

test("a model of long runs has a longer period", () => {
  const { watch, model } = watched();
  model.patienceMs = 7 * periodMs;
  expect(watch.periodMs).toBe(7 * periodMs);
});

test("a canary beside a run that may be silent for long has as much time as that", async () => {
  const { watch, model } = watched();
  model.longestStepMs = 60_000;
  await watch.askCanary();
  expect(model.contexts.at(-1)?.deadline.remainingMs(performance.now())).toBeGreaterThan(30_000);
});

test("an answer that is not the manifest's fails, and a failed canary is believed until one succeeds", async () => {
  const { watch, model } = watched();
  const scores = { non_toxic: 0.1, toxic: 0.9 };
  const manifest = { ...validManifest(), canary: { texts: [{ text: "Bonjour", scores }], tolerance: 0.05 } };
  model.folder = { ...model.folder, manifest };
  const judged = new ModelWatch(model.asModel, () => settings, strictEventBus());
  expect(await judged.askCanary()).toBe("mismatch");
  judged.answered(true, performance.now());
  expect(judged.detail(performance.now())).toContain("other results than expected");
  expect(await watch.askCanary()).toBe("ok");
});

test("without a recorded answer the first one is what later ones must equal", async () => {
  const { watch, model } = watched();
  expect(await watch.askCanary()).toBe("ok");
  let isTurned = true;
  const run = model.run.bind(model);
  model.run = async (windows, context) => {
    const result = await run(windows, context);
    return isTurned ? { ...result, logits: result.logits.map((row) => row.toReversed()) } : result;
  };
  expect(await watch.askCanary()).toBe("mismatch");
  isTurned = false;
  expect(await watch.askCanary()).toBe("ok");
  expect(watch.detail(performance.now())).toBe("");
});

test("without a recorded answer one of the CPU beside a device is compared with nothing, and nothing with it", async () => {
  const { watch, model } = watched();
  let isOnCpu = true;
  const run = model.run.bind(model);
  model.run = async (windows, context) => {
    const result = await run(windows, context);
    model.cpuAnswers += isOnCpu ? windows.length : 0;
    return isOnCpu ? { ...result, logits: result.logits.map((row) => row.toReversed()) } : result;
  };
  const results = [];
  for (isOnCpu of [true, false, true]) {
    results.push(await watch.askCanary());
  }
  expect(results).toEqual(["ok", "ok", "ok"]);
  expect(watch.lastAnswerAt).not.toBeNull();
});

test("a recorded answer is what the CPU beside a device must say, too", async () => {
  const { model } = watched();
  const scores = { non_toxic: 0.1, toxic: 0.9 };
  const manifest = { ...validManifest(), canary: { texts: [{ text: "Bonjour", scores }], tolerance: 0.05 } };
  model.folder = { ...model.folder, manifest };
  const run = model.run.bind(model);
  model.run = (windows, context) => {
    model.cpuAnswers++;
    return run(windows, context);
  };
  expect(await new ModelWatch(model.asModel, () => settings, strictEventBus()).askCanary()).toBe("mismatch");
});

test("a canary for which there is too little memory says nothing, and the second in a row fails", async () => {
  const { watch, model } = watched();
  await watch.askCanary();
  const runWith = model.runWith;
  const results = [];
  for (const hasMemory of [false, true, false, false, false, true]) {
    model.runWith = hasMemory ? runWith : () => Promise.reject(new ServiceError("out_of_memory", "no"));
    results.push(await watch.askCanary());
  }
  expect(results).toEqual(["deferred", "ok", "deferred", "failed", "failed", "ok"]);
});

test("an answer that differs once only is a chance of rounding", async () => {
  const { watch, model } = watched();
  await watch.askCanary();
  let isTurned = true;
  const run = model.run.bind(model);
  model.run = async (windows, context) => {
    const result = await run(windows, context);
    const logits = isTurned ? result.logits.map((row) => row.toReversed()) : result.logits;
    isTurned = false;
    return { ...result, logits };
  };
  expect(await watch.askCanary()).toBe("ok");
});

test.each<[ErrorCode, string]>([
  ["overloaded", "deferred"],
  ["model_loading", "deferred"],
  ["circuit_open", "deferred"],
  ["invalid_prediction", "invalid"],
  ["inference_process_crashed", "crashed"],
  ["internal_error", "failed"],
])("a canary that ends with %s is %s", async (code, result) => {
  const { watch, model } = watched();
  await watch.askCanary();
  model.runWith = () => Promise.reject(new ServiceError(code, "no"));
  expect(await watch.askCanary()).toBe(result);
  expect(watch.detail(performance.now()) === "").toBe(result === "deferred");
});

test.each([
  { case: "runs and never comes back", change: {}, result: "timeout" },
  { case: "never gets its turn", change: { waits: true }, result: "deferred" },
  { case: "is late while others get their results", change: { movedAt: Number.MAX_VALUE }, result: "deferred" },
])("a canary that $case is a $result", async ({ change, result }) => {
  const { watch, model } = watched();
  Object.assign(model, change);
  model.runWith = untilAborted;
  expect(await watch.askCanary()).toBe(result);
});

test("restarts above the limit, another device and changed files are told, together", async () => {
  const { watch, model } = watched();
  await watch.askCanary();
  const now = performance.now();
  [1, 2, 3].forEach((pid) => watch.respawns.exited(pid, now));
  expect(watch.detail(now)).toBe("");
  watch.respawns.exited(4, now);
  model.currentDeviceDetail = "it is computed on cpu instead of cuda";
  watch.filesDetail = "config.json cannot be read (ENOENT)";
  expect(watch.detail(now)).toBe(
    "it is computed on cpu instead of cuda; config.json cannot be read (ENOENT); 4 processes ended unexpectedly within a minute",
  );
});

test("a canary counts as no client's text, and is told by an event of its own", async () => {
  const events = strictEventBus();
  const scored = collectEvents(events, "text_classified");
  const checked = collectEvents(events, "answer_checked");
  const told = collectEvents(events, "canary_finished");
  const watch = new ModelWatch(new FakeMonitoredModel().asModel, () => settings, events);
  await watch.askCanary();
  expect([scored, checked]).toEqual([[], []]);
  expect(told).toEqual([{ model: "camembert-toxicity-fr", result: "ok", ms: expect.any(Number) }]);
});

test("closing ends the canary under way, and says nothing of the model", async () => {
  const { watch, model } = watched();
  model.runWith = untilAborted;
  const canary = watch.askCanary();
  watch.close();
  expect(await canary).toBe("deferred");
  expect(watch.lastCanary).toBeNull();
});

const periodMs = 200;
const settings = { periodMs, maxRestartsPerMinute: 3 };

function watched() {
  const model = new FakeMonitoredModel();
  return { model, watch: new ModelWatch(model.asModel, () => settings, strictEventBus()) };
}

/** A run that never comes back by itself. */
async function untilAborted({ signal }: Pick<RequestContext, "signal">): Promise<void> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }
  signal.throwIfAborted();
}
