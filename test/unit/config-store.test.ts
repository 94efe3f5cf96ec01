import { renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { Environment } from "../../src/config/environment-layer.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigStore } from "../../src/config-store.ts";
import { EventBus } from "../../src/events.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

const stores: ConfigStore[] = [];

afterEach(() => {
  for (const store of stores.splice(0)) {
    store.close();
  }
  vi.useRealTimers();
});

test("a reload swaps the whole configuration and names the keys that changed", () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "log: { level: info }\n");
  const { store, seen } = createStore({ CONFIG_FILE: site });
  const before = store.current();
  folder.write("site.yaml", "log: { level: debug }\nclassify: { threshold: 0.7 }\n");
  store.reload();
  expect(seen).toEqual([["config_reloaded", { changed: ["log.level", "classify.threshold"] }]]);
  expect(store.current()).toMatchObject({ log: { level: "debug" }, classify: { threshold: 0.7 } });
  expect(before).toMatchObject({ log: { level: "info" }, classify: { threshold: 0.5 } });
});

test("a reload of what did not change says that nothing changed", () => {
  const { store, seen } = createStore({});
  store.reload();
  expect(seen).toEqual([["config_reloaded", { changed: [] }]]);
});

test("an invalid file leaves the old configuration in force and tells every problem", () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "log: { level: warn }\n");
  const { store, seen } = createStore({ CONFIG_FILE: site });
  const before = store.current();
  folder.write("site.yaml", "log: { level: loud }\nclassify: { threshold: 2 }\n");
  store.reload();
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
  ["service: { environment: production }", "service.environment"],
  ["shutdown: { timeoutMs: 1 }", "shutdown.timeoutMs"],
  ["processes: { niceness: 0 }", "processes.niceness"],
])("%s needs a restart, and rejects what changed beside it", (setting, key) => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "");
  const { store, seen } = createStore({ CONFIG_FILE: site });
  const before = store.current();
  folder.write("site.yaml", `${setting}\nlog: { level: debug }\n`);
  store.reload();
  expect(store.current()).toBe(before);
  expect(seen).toEqual([["config_rejected", { problems: [`${key}: needs a restart`] }]]);
});

test("maintenance mode and the models are taken over by a reload", () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "");
  const models = folder.write("models.yaml", "models: [{ folder: a }]\n");
  const { store, seen } = createStore({ CONFIG_FILE: site, MODELS_FILE: models });
  folder.write("site.yaml", "service: { maintenance: true }\n");
  folder.write("models.yaml", "models: [{ folder: a, instances: 2 }]\n");
  store.reload();
  expect(seen).toEqual([["config_reloaded", { changed: ["service.maintenance", "models"] }]]);
});

test("a failure that is none of the configuration's is reported, not thrown", () => {
  const failure = new Error("disk on fire");
  let calls = 0;
  const { store, seen } = createStore({}, () => {
    calls += 1;
    if (calls > 1) {
      throw failure;
    }
    return loadConfig({});
  });
  store.reload();
  expect(seen).toEqual([["error_occurred", { where: "config reload", error: failure }]]);
});

test("a changed, a renamed, a removed and a recreated file are each noticed once, at the next look", () => {
  vi.useFakeTimers();
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "log: { level: info }\n");
  const { store, seen } = createStore({ CONFIG_FILE: site });
  store.watch(1_000);
  vi.advanceTimersByTime(5_000);
  expect(seen).toEqual([]);

  folder.write("site.yaml", "log: { level: debug }\n");
  vi.advanceTimersByTime(999);
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(5_000);
  expect(store.current().log.level).toBe("debug");

  renameSync(folder.write("site.yaml.new", "log: { level: warn }\n"), site);
  vi.advanceTimersByTime(5_000);
  expect(store.current().log.level).toBe("warn");

  rmSync(site);
  vi.advanceTimersByTime(5_000);
  expect(store.current().log.level).toBe("warn");

  folder.write("site.yaml", "log: { level: error }\n");
  vi.advanceTimersByTime(5_000);
  expect(store.current().log.level).toBe("error");
  expect(seen.map(([event]) => event)).toEqual([
    "config_reloaded",
    "config_reloaded",
    "config_rejected",
    "config_reloaded",
  ]);
});

test("the swap of a ConfigMap's link is noticed", () => {
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
  vi.advanceTimersByTime(1_000);
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

function createStore(environment: Environment, load = () => loadConfig(environment)) {
  const seen: [string, unknown][] = [];
  const events = new EventBus((_, error) => {
    throw error;
  });
  for (const name of ["config_reloaded", "config_rejected", "error_occurred"] as const) {
    events.on(name, (payload) => seen.push([name, payload]));
  }
  const store = new ConfigStore(load, events);
  stores.push(store);
  return { store, seen };
}
