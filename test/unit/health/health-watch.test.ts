import { expect, onTestFinished, test } from "vitest";
import { canaryClient } from "../../../src/health/canary.ts";
import { HealthWatch } from "../../../src/health/health-watch.ts";
import { strictEventBus } from "../../helpers/event-bus.ts";
import { FakeMonitoredModel } from "../../helpers/fake-monitored-model.ts";

test("what becomes of a successor that is made ready is not held against the model of the same name", async () => {
  const { watch, served, events } = watching();
  const successor = new FakeMonitoredModel();
  expect(successor.identity).toEqual(served.identity);
  await watch.prove(served.asModel);
  for (let pid = 1; pid <= 5; pid++) {
    events.emit("process_exited", { ...exitOf(successor), pid });
    events.emit("answer_checked", { ...named(successor), isValid: false });
  }
  const judged = watch.watchOf(served.asModel);
  expect(judged.restarts).toBe(0);
  expect(judged.detail(performance.now() + 1.5 * settings.periodMs)).toBe("");
});

test("ends of a model's own processes count, but for those that were wanted and those that a client explains", () => {
  const { watch, served, events } = watching();
  for (let pid = 1; pid <= 4; pid++) {
    events.emit("process_exited", { ...exitOf(served), pid });
  }
  events.emit("process_exited", { ...exitOf(served), pid: 5, reason: "replaced" });
  const judged = watch.watchOf(served.asModel);
  expect(judged.restarts).toBe(4);
  expect(judged.detail(performance.now())).toContain("4 processes ended unexpectedly");
  events.emit("window_poisoned", { ...named(served), pids: [1, 2], client: "192.0.2.1" });
  expect(judged.detail(performance.now())).not.toContain("unexpectedly");
});

test("a canary under which processes end explains no end", () => {
  const { watch, served, events } = watching();
  for (let pid = 1; pid <= 4; pid++) {
    events.emit("process_exited", { ...exitOf(served), pid });
  }
  events.emit("window_poisoned", { ...named(served), pids: [1, 2, 3, 4], client: canaryClient.address });
  expect(watch.watchOf(served.asModel).detail(performance.now())).toContain("4 processes ended unexpectedly");
});

const settings = { periodMs: 60_000, maxRestartsPerMinute: 3, maxEventLoopDelayMs: 250, minSpoolFreeBytes: 1 };

/** A watch over one model that is served; it looks only when it is told to. */
function watching() {
  const served = new FakeMonitoredModel();
  const events = strictEventBus();
  const watch = new HealthWatch({
    settings: () => settings,
    models: () => [served.asModel],
    events,
    onLook: () => {},
  });
  onTestFinished(() => watch.close());
  return { watch, served, events };
}

function named({ id, identity }: FakeMonitoredModel) {
  return { model: identity.name, modelId: id };
}

function exitOf(model: FakeMonitoredModel) {
  const end = { wasReady: false, exitCode: 1, signal: null, killMs: null, detail: null };
  return { ...named(model), ...end, reason: "crashed" as const };
}
