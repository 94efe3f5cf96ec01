import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import type { Environment } from "../../../src/config/environment-layer.ts";
import { loadConfig, projectRoot } from "../../../src/config/load-config.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("an empty environment gives the defaults", () => {
  const { config, files } = loadConfig({});
  expect(config.server.port).toBe(8080);
  expect(config.models[0]?.instances).toBe("auto");
  expect(files).toEqual([join(projectRoot, "config/default.yaml"), join(projectRoot, "config/models.yaml")]);
});

test("the file that CONFIG_FILE names wins over the defaults, and the environment wins over the file", () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "log:\n  level: warn\nserver:\n  port: 9000\n");
  const { config, files } = loadConfig({ CONFIG_FILE: site, SERVICE__SERVER__PORT: "9001" });
  expect(config.log.level).toBe("warn");
  expect(config.server.port).toBe(9001);
  expect(config.server.host).toBe("127.0.0.1");
  expect(files).toContain(site);
});

test("a list is replaced whole, not merged", () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "telemetry:\n  channels: [kiosk]\n");
  expect(loadConfig({ CONFIG_FILE: site }).config.telemetry.channels).toEqual(["kiosk"]);
});

test("a file in which everything is a comment changes nothing", () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "# log:\n#   level: warn\n");
  expect(loadConfig({ CONFIG_FILE: site }).config).toEqual(loadConfig({}).config);
});

test("MODELS_FILE names the models, with paths relative to the project root", () => {
  using folder = new TemporaryFolder();
  const models = folder.write("models.yaml", "models:\n  - folder: models/x\n    plugins: [plugins/y.ts, /opt/z.ts]\n");
  const { config, files } = loadConfig({ MODELS_FILE: models });
  expect(config.models).toEqual([
    {
      folder: join(projectRoot, "models/x"),
      instances: "auto",
      spares: 1,
      executionProvider: "auto",
      precision: "auto",
      intraOpNumThreads: 1,
      maxBatchSize: "auto",
      chunksPerWindow: 1,
      required: true,
      plugins: [join(projectRoot, "plugins/y.ts"), "/opt/z.ts"],
    },
  ]);
  expect(files).toContain(models);
  expect(files).not.toContain(join(projectRoot, "config/models.yaml"));
});

test("the result is frozen at every depth", () => {
  const { config } = loadConfig({});
  expect(unfrozen(config)).toEqual([]);
  expect(() => Object.assign(config.server, { port: 1 })).toThrow(TypeError);
});

test("all problems of all places are reported at once, each with its key and its place", () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "server:\n  port: 99999\n  prot: 1\nlogs: {}\n");
  const models = folder.write("models.yaml", "models:\n  - folder: a\n    instances: many\n    spare: 2\n");
  expect(
    problemsOf({ CONFIG_FILE: site, MODELS_FILE: models, LOG_LEVEL: "loud", SERVICE__CLASSIFY__TRESHOLD: "0.5" }),
  ).toEqual([
    {
      key: null,
      source: "SERVICE__CLASSIFY__TRESHOLD",
      message: "names no setting; did you mean SERVICE__CLASSIFY__THRESHOLD?",
    },
    { key: "server.port", source: `${site}:2`, message: "Too big: expected number to be <=65535" },
    { key: "server.prot", source: `${site}:3`, message: "there is no such setting; did you mean port?" },
    { key: "log.level", source: "LOG_LEVEL", message: expect.stringContaining("Invalid option") },
    { key: "logs", source: `${site}:4`, message: "there is no such setting; did you mean log?" },
    {
      key: "models[0].instances",
      source: `${models}:3`,
      message: "must be auto, or an integer from 1 to 64",
    },
    { key: "models[0].spare", source: `${models}:4`, message: "there is no such setting; did you mean spares?" },
  ]);
});

test("an unreadable file does not hide the problems of the other places", () => {
  expect(problemsOf({ CONFIG_FILE: "/nowhere/site.yaml", MODELS_FILE: "/nowhere/models.yaml", PORT: "x" })).toEqual([
    { key: null, source: "/nowhere/site.yaml", message: "cannot be opened (ENOENT)" },
    { key: null, source: "/nowhere/models.yaml", message: "cannot be opened (ENOENT)" },
    { key: "server.port", source: "PORT", message: "Invalid input: expected number, received string" },
  ]);
});

test("a wrong item of a list is reported at the place of that list, whatever lies below it", () => {
  expect(problemsOf({ SERVICE__TELEMETRY__CHANNELS: "two words" })).toEqual([
    {
      key: "telemetry.channels[0]",
      source: "SERVICE__TELEMETRY__CHANNELS",
      message: "must be 1 to 64 letters, digits, '_', '.' or '-'",
    },
  ]);
});

test("a value never appears in a problem", () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "apiKey: hunter2\nserver:\n  host: [hunter2]\nlog:\n  level: hunter2\n");
  const problems = problemsOf({ CONFIG_FILE: site, SERVICE__API_KEY: "hunter2", PORT: "hunter2" });
  expect(problems).toHaveLength(5);
  expect(JSON.stringify(problems)).not.toContain("hunter2");
});

test("keys that JavaScript gives a meaning are unknown keys like any other", () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "__proto__:\n  polluted: true\nserver:\n  constructor: 1\n");
  expect(problemsOf({ CONFIG_FILE: site }).map((problem) => problem.key)).toEqual(["server.constructor", "__proto__"]);
  expect(Object.prototype).not.toHaveProperty("polluted");
});

test("models cannot be put into the settings file", () => {
  using folder = new TemporaryFolder();
  const site = folder.write("site.yaml", "models:\n  - folder: a\n");
  expect(problemsOf({ CONFIG_FILE: site })).toMatchObject([{ key: "models", source: `${site}:1` }]);
});

function problemsOf(environment: Environment): ConfigError["problems"] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

function unfrozen(value: unknown, path = "config"): string[] {
  if (typeof value !== "object" || value === null) {
    return [];
  }
  const inner = Object.entries(value).flatMap(([key, item]) => unfrozen(item, `${path}.${key}`));
  return Object.isFrozen(value) ? inner : [path, ...inner];
}
