import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { EventBus, ServiceEvents } from "../../src/events.ts";
import type { InferenceProcess } from "../../src/processes/inference-process.ts";
import { type MemorySettings, MemoryWatch, systemMemory, type WatchedModel } from "../../src/processes/memory-watch.ts";
import { readProcessMemory } from "../../src/processes/process-memory.ts";
import { Supervisor } from "../../src/processes/supervisor.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { startFixture, textWindow } from "../helpers/fixture-process.ts";
import { logitsOf } from "../helpers/logits-of.ts";
import { isAlive, waitUntil } from "../helpers/process-facts.ts";
import { ServiceProcess } from "../helpers/service-process.ts";

const mebibyte = 1024 * 1024;

/** A leak of 60 MiB/s is found within a second, and has some seconds to go. */
const settings: MemorySettings = {
  sampleMs: 40,
  windowSamples: 32,
  horizonSeconds: 1.5,
  processLimitBytes: 320 * mebibyte,
  maxReplacementsPerHour: 100,
};

test.each([
  ["its spare", 1],
  ["a process started for it", 0],
])("under load, a leaking process is forecast and replaced by %s, and no request fails", async (_, spares) => {
  await using service = await ServiceProcess.ready({
    settings: { memory: settings },
    model: { instances: 1, spares, plugins: ["test/fixtures/plugins/leaks.ts"] },
  });
  const statuses: number[] = [];
  const load = new AbortController();
  const clients = Array.from({ length: 4 }, async () => {
    while (!load.signal.aborted) {
      const response = await service.classify(["Quel temps magnifique ce matin !"]);
      await response.arrayBuffer();
      statuses.push(response.status);
    }
  });
  const first = await service.logged(({ event }) => event === "process_replaced");
  const from = service.log.indexOf(first) + 1;
  const second = await service.logged(({ event }) => event === "process_replaced", from);
  load.abort();
  await Promise.all(clients);

  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(statuses.length).toBeGreaterThan(20);
  expect([first, second]).toMatchObject([
    { reason: "process", outcome: "replaced" },
    { reason: "process", outcome: "replaced" },
  ]);
  expect(second["pid"]).not.toBe(first["pid"]);
  const forecast = service.log.find(({ event, pid }) => event === "memory_forecast" && pid === first["pid"]);
  expect(forecast).toMatchObject({ level: "warn", resource: "process", limit_bytes: settings.processLimitBytes });
  expect(forecast?.["seconds"]).toBeLessThanOrEqual(settings.horizonSeconds);
  for (const { pid } of [first, second]) {
    expect(service.log.filter((line) => line.event === "process_exited" && line["pid"] === pid)).toMatchObject([
      { level: "info", reason: "replaced", was_ready: true, exit_code: 0 },
    ]);
    expect(isAlive(Number(pid))).toBe(false);
  }
  // Nothing runs any more, so nothing leaks: the newest process has no more than it began with and a moment of load.
  const newest = service.inferencePids().map((pid) => readProcessMemory(pid)?.anonymousBytes ?? 0);
  expect(newest.length).toBeGreaterThan(0);
  expect(Math.max(...newest)).toBeLessThan(Number(forecast?.["bytes"]));
  await service.metricReaches("inference_process_replacements_total", (value) => value >= 2);
  await service.metricReaches("inference_process_memory_bytes", (value) => value > 0);
  const restarts = (await (await fetch(`${service.url}/metrics`)).text()).match(
    /^inference_process_restarts_total\{.*\} [1-9]/gm,
  );
  expect(restarts).toBeNull();
});

test("two models whose processes leak at once are replaced one after the other, both of them", async () => {
  const events = strictEventBus();
  const underWay = { now: 0, most: 0 };
  events.on("process_replacement_started", () => (underWay.most = Math.max(underWay.most, ++underWay.now)));
  events.on("process_replaced", () => underWay.now--);
  const replaced = collectEvents(events, "process_replaced");
  const models = ["one", "other"].map((name) => new LeakingModel(name, events));
  watchModels(models, events);
  await waitUntil(
    () => models.every(({ name }) => replaced.filter(({ model }) => model === name).length >= 2),
    "both models had their process replaced twice",
  );
  expect(underWay.most).toBe(1);
  expect(replaced.every(({ outcome }) => outcome === "replaced")).toBe(true);
  for (const model of models) {
    expect(await model.answer()).toBe(7);
  }
});

test("a model whose successors leak too is left alone after so many, is told, and goes on answering", async () => {
  const events = strictEventBus();
  const replaced = collectEvents(events, "process_replaced");
  const stops = collectEvents(events, "memory_watch_stopped");
  const model = new LeakingModel("hopeless", events);
  const watch = watchModels([model], events, { maxReplacementsPerHour: 2 });
  await waitUntil(() => stops.length > 0, "the watch has stopped");
  const last = model.readyProcesses.map(({ pid }) => pid);
  await sleep(10 * settings.sampleMs);
  expect(replaced).toHaveLength(2);
  expect(stops).toEqual([{ model: "hopeless", replacements: 2 }]);
  expect(watch.statistics().models).toMatchObject([{ model: "hopeless", replacements: 2, isStopped: true }]);
  expect(model.readyProcesses.map(({ pid }) => pid)).toEqual(last);
  expect(await model.answer()).toBe(7);
});

test("processes that do not leak are not replaced, whatever they do", async () => {
  const events = strictEventBus();
  const started = collectEvents(events, "process_replacement_started");
  const model = new LeakingModel("sound", events, "echo");
  const watch = watchModels([model], events, { horizonSeconds: 10 });
  const statistics = () => watch.statistics().models[0]?.processes[0];
  for (let run = 0; statistics()?.bytesPerSecond == null || run < 200; run++) {
    await waitUntil(() => model.newest !== null, "the process is ready");
    expect(await model.answer()).toBe(7);
  }
  expect(started).toEqual([]);
  expect(statistics()?.bytes).toBeGreaterThan(mebibyte);
});

/** A supervised model of one instance; its processes leak, but for those of another fixture. */
class LeakingModel implements WatchedModel {
  readonly identity: { readonly name: string };
  readonly device = "cpu";
  readonly deviceBytes = null;
  readonly memoryNeed = { graphBytes: 0, processes: 1 };
  readonly #supervisor: Supervisor;
  /** The one that takes batches. */
  newest: InferenceProcess | null = null;

  constructor(name: string, events: EventBus, fixture = "leaks-all-the-time") {
    this.identity = { name };
    this.#supervisor = new Supervisor({
      model: name,
      modelId: "1",
      places: () => ({ instances: 1, spares: 0 }),
      exchange: () => null,
      restart: () => ({ backoffInitialMs: 20, backoffMaxMs: 100, giveUpAfterFailures: 3, giveUpRetryMs: 200 }),
      events,
      startProcess: () => startFixture(fixture),
      onInstance: (instance) => (this.newest = instance),
      onRetire: () => Promise.resolve(),
      onState: () => {},
    });
    onTestFinished(() => this.#supervisor.kill());
    this.#supervisor.start();
  }

  get name(): string {
    return this.identity.name;
  }

  get readyProcesses(): WatchedModel["readyProcesses"] {
    return this.#supervisor.readyProcesses;
  }

  replaceProcess(pid: number): Promise<ServiceEvents["process_replaced"]["outcome"]> {
    return this.#supervisor.replace(pid);
  }

  /** The first logit of an answer; the fixture echoes what it is asked. */
  async answer(): Promise<number | undefined> {
    const result = await this.newest?.run([textWindow(7)], 60_000);
    return result && logitsOf(result.outputs[0])[0];
  }
}

function watchModels(
  models: readonly WatchedModel[],
  events: EventBus,
  changes: Partial<MemorySettings> = {},
): MemoryWatch {
  const watch = new MemoryWatch({
    models: () => models,
    settings: () => ({ ...settings, ...changes }),
    events,
    sources: systemMemory,
  });
  onTestFinished(() => watch.close());
  watch.start();
  return watch;
}
