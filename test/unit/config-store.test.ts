import { renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { Environment } from "../../src/config/environment-layer.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Config } from "../../src/config.ts";
import { ConfigStore } from "../../src/config-store.ts";
import { EventBus } from "../../src/events.ts";
import { OperatorError } from "../../src/operator-error.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

const stores: ConfigStore[] = [];

afterEach(() => {
  for (const store of stores.splice(0)) {
    store.close();
  }
  vi.useRealTimers();
});

test("a reload swaps the whole configuration and names the keys that changed", async () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "log: { level: info }\n");
  const { store, seen } = createStore({ CONFIG_FILE: site });
  const before = store.current();
  folder.write("site.yaml", "log: { level: debug }\nclassify: { threshold: 0.7 }\n");
  await store.reload();
  expect(seen).toEqual([["config_reloaded", { changed: ["log.level", "classify.threshold"] }]]);
  expect(store.current()).toMatchObject({ log: { level: "debug" }, classify: { threshold: 0.7 } });
  expect(before).toMatchObject({ log: { level: "info" }, classify: { threshold: 0.5 } });
});

test("a reload of what did not change says that nothing changed", async () => {
  const { store, seen } = createStore({});
  await store.reload();
  expect(seen).toEqual([["config_reloaded", { changed: [] }]]);
});

test("an invalid file leaves the old configuration in force and tells every problem", async () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "log: { level: warn }\n");
  const { store, seen } = createStore({ CONFIG_FILE: site });
  const before = store.current();
  folder.write("site.yaml", "log: { level: loud }\nclassify: { threshold: 2 }\n");
  await store.reload();
  expect(store.current()).toBe(before);
  expect(seen).toEqual([
    [
      "config_rejected",
      {
        problems: [
          expect.stringContaining(`log.level (${site}:1): Invalid option`),
          `classify.threshold (${site}:2): Too big: expected number to be <=1`,
        ],
      },
    ],
  ]);
});

test.each([
  ["server: { port: 9 }", "server.port"],
  ["server: { trustProxy: [192.0.2.1] }", "server.trustProxy"],
  ["server: { maxConcurrentRequests: 9 }", "server.maxConcurrentRequests"],
  ["server: { keepAliveTimeoutMs: 9 }", "server.keepAliveTimeoutMs"],
])("%s needs a restart, and rejects what changed beside it", async (setting, key) => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "");
  const { store, seen } = createStore({ CONFIG_FILE: site });
  const before = store.current();
  folder.write("site.yaml", `${setting}\nlog: { level: debug }\n`);
  await store.reload();
  expect(store.current()).toBe(before);
  expect(seen).toEqual([["config_rejected", { problems: [`${key}: needs a restart`] }]]);
});

test.each([
  ["service: { environment: production }", "service.environment"],
  ["server: { bodyLimitBytes: 2048 }", "server.bodyLimitBytes"],
  ["scheduler: { maxQueueSize: 9 }", "scheduler.maxQueueSize"],
  ["processes: { niceness: 0 }", "processes.niceness"],
  ["processes: { giveUpRetryMs: 9 }", "processes.giveUpRetryMs"],
  ["shutdown: { timeoutMs: 1 }", "shutdown.timeoutMs"],
])("%s is taken over by a reload", async (setting, key) => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "");
  const { store, seen } = createStore({ CONFIG_FILE: site });
  folder.write("site.yaml", setting);
  await store.reload();
  expect(seen).toEqual([["config_reloaded", { changed: [key] }]]);
});

test("the next configuration is in force, and told, only after it was prepared", async () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "");
  const { promise: prepared, resolve } = Promise.withResolvers<void>();
  const nexts: Config[] = [];
  const { store, seen } = createStore({ CONFIG_FILE: site }, undefined, (next) => {
    nexts.push(next);
    return prepared;
  });
  folder.write("site.yaml", "classify: { threshold: 0.7 }\n");
  const reload = store.reload();
  await new Promise(setImmediate);
  expect(nexts.map(({ classify }) => classify.threshold)).toEqual([0.7]);
  expect([store.current().classify.threshold, seen]).toEqual([0.5, []]);
  resolve();
  await reload;
  expect(store.current()).toBe(nexts[0]);
  expect(seen).toEqual([["config_reloaded", { changed: ["classify.threshold"] }]]);
});

test("a configuration that cannot be prepared leaves the old one in force and says why", async () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "");
  const problem = new OperatorError("models/small/manifest.json cannot be read (ENOENT)");
  const { store, seen } = createStore({ CONFIG_FILE: site }, undefined, () => Promise.reject(problem));
  const before = store.current();
  folder.write("site.yaml", "classify: { threshold: 0.7 }\n");
  await store.reload();
  expect(store.current()).toBe(before);
  expect(seen).toEqual([["config_rejected", { problems: [problem.message] }]]);
});

test("what is invalid, or needs a restart, is not prepared", async () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "");
  let preparations = 0;
  const { store, seen } = createStore({ CONFIG_FILE: site }, undefined, async () => {
    preparations++;
  });
  for (const content of ["classify: { threshold: 2 }\n", "server: { port: 9 }\n"]) {
    folder.write("site.yaml", content);
    await store.reload();
  }
  expect(seen.map(([event]) => event)).toEqual(["config_rejected", "config_rejected"]);
  expect(preparations).toBe(0);
});

test("a reload that is asked for meanwhile begins when the first is through, and a rejected one does not stop it", async () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "");
  const preparations: PromiseWithResolvers<void>[] = [];
  const { store, seen } = createStore({ CONFIG_FILE: site }, undefined, () => {
    const preparation = Promise.withResolvers<void>();
    preparations.push(preparation);
    return preparation.promise;
  });
  folder.write("site.yaml", "classify: { threshold: 0.6 }\n");
  const first = store.reload();
  await new Promise(setImmediate);
  folder.write("site.yaml", "classify: { threshold: 0.7 }\n");
  const second = store.reload();
  await new Promise(setImmediate);
  expect(preparations).toHaveLength(1);
  preparations[0]?.reject(new OperatorError("no such model"));
  await first;
  await new Promise(setImmediate);
  expect(preparations).toHaveLength(2);
  preparations[1]?.resolve();
  await second;
  expect(store.current().classify.threshold).toBe(0.7);
  expect(seen.map(([event]) => event)).toEqual(["config_rejected", "config_reloaded"]);
});

test("a change is noticed once, however long its preparation takes", async () => {
  vi.useFakeTimers();
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "");
  let preparations = 0;
  const { promise: prepared, resolve } = Promise.withResolvers<void>();
  const { store, seen } = createStore({ CONFIG_FILE: site }, undefined, () => {
    preparations++;
    return prepared;
  });
  store.watch(1_000);
  folder.write("site.yaml", "classify: { threshold: 0.6 }\n");
  await vi.advanceTimersByTimeAsync(5_000);
  folder.write("site.yaml", "classify: { threshold: 0.70 }\n");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(preparations).toBe(1);
  resolve();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(preparations).toBe(2);
  expect(seen).toHaveLength(2);
  expect(store.current().classify.threshold).toBe(0.7);
});

test("maintenance mode and the models are taken over by a reload", async () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "");
  const models = folder.write("models.yaml", "models: [{ folder: a }]\n");
  const { store, seen } = createStore({ CONFIG_FILE: site, MODELS_FILE: models });
  folder.write("site.yaml", "service: { maintenance: true }\n");
  folder.write("models.yaml", "models: [{ folder: a, instances: 2 }]\n");
  await store.reload();
  expect(seen).toEqual([["config_reloaded", { changed: ["service.maintenance", "models"] }]]);
});

test("a failure that nobody foresaw rejects the configuration, is reported, and is not thrown", async () => {
  const failure = new Error("disk on fire");
  let calls = 0;
  const { store, seen } = createStore({}, () => {
    calls += 1;
    if (calls > 1) {
      throw failure;
    }
    return loadConfig({});
  });
  await store.reload();
  expect(seen).toEqual([
    ["config_rejected", { problems: ["disk on fire"] }],
    ["error_occurred", { where: "config_reload", error: failure }],
  ]);
});

test("a changed, a renamed, a removed and a recreated file are each noticed once, at the next look", async () => {
  vi.useFakeTimers();
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "log: { level: info }\n");
  const { store, seen } = createStore({ CONFIG_FILE: site });
  store.watch(1_000);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(seen).toEqual([]);

  folder.write("site.yaml", "log: { level: debug }\n");
  await vi.advanceTimersByTimeAsync(999);
  expect(seen).toEqual([]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(store.current().log.level).toBe("debug");

  renameSync(folder.write("site.yaml.new", "log: { level: warn }\n"), site);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(store.current().log.level).toBe("warn");

  rmSync(site);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(store.current().log.level).toBe("warn");

  folder.write("site.yaml", "log: { level: error }\n");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(store.current().log.level).toBe("error");
  expect(seen.map(([event]) => event)).toEqual([
    "config_reloaded",
    "config_reloaded",
    "config_rejected",
    "config_reloaded",
  ]);
});

test("the swap of a ConfigMap's link is noticed", async () => {
  vi.useFakeTimers();
  using folder = new TemporaryFolder();
  folder.write("one.yaml", "log: { level: info }\n");
  folder.write("two.yaml", "log: { level: debug }\n");
  const data = join(folder.path, "..data");
  const site = join(folder.path, "site.yaml");
  symlinkSync("one.yaml", data);
  symlinkSync("..data", site);
  const { store } = createStore({ CONFIG_FILE: site });
  store.watch(1_000);

  symlinkSync("two.yaml", join(folder.path, "..data_tmp"));
  renameSync(join(folder.path, "..data_tmp"), data);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(store.current().log.level).toBe("debug");
});

test("a store that was closed, or watched again, does not look any more as it did before", () => {
  vi.useFakeTimers();
  const { store } = createStore({});
  store.watch(1_000);
  store.watch(2_000);
  expect(vi.getTimerCount()).toBe(1);
  store.close();
  expect(vi.getTimerCount()).toBe(0);
});

function createStore(
  environment: Environment,
  load = () => loadConfig(environment),
  prepare?: (next: Config) => Promise<void>,
) {
  const seen: [string, unknown][] = [];
  const events = new EventBus((_, error) => {
    throw error;
  });
  for (const name of ["config_reloaded", "config_rejected", "error_occurred"] as const) {
    events.on(name, (payload) => seen.push([name, payload]));
  }
  const store = new ConfigStore(load, events, prepare);
  stores.push(store);
  return { store, seen };
}
