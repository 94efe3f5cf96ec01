import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { projectRoot } from "../../src/config/load-config.ts";
import { keysThatNeedRestart, modelsFileSchema, settingsSchema } from "../../src/config.ts";

test("default.yaml sets every setting of the schema and no other", () => {
  expect(leafKeys(defaults()).toSorted()).toEqual(schemaKeys(settingsSchema).toSorted());
});

test("every setting in default.yaml has a comment above it", () => {
  const lines = readFileSync(join(projectRoot, "config/default.yaml"), "utf8").split("\n");
  const uncommented = lines.filter((line, index) => /^ {2}\w+:/.test(line) && !/^ {2}#/.test(lines[index - 1] ?? ""));
  expect(lines.filter((line) => /^ {2}\w+:/.test(line)).length).toBeGreaterThan(30);
  expect(uncommented).toEqual([]);
});

test("the comments in default.yaml mark exactly the settings that need a restart", () => {
  const marked: string[] = [];
  let section = "";
  let isMarked = false;
  for (const line of readFileSync(join(projectRoot, "config/default.yaml"), "utf8").split("\n")) {
    section = /^(\w+):/.exec(line)?.[1] ?? section;
    const key = /^ {2}(\w+):/.exec(line)?.[1];
    if (key !== undefined && isMarked) {
      marked.push(`${section}.${key}`);
    }
    isMarked = /^ {2}#.* \(restart\)$/.test(line);
  }
  expect(marked).toEqual(keysThatNeedRestart);
});

test("a model needs no more than its folder", () => {
  expect(modelsFileSchema.parse({ models: [{ folder: "models/small" }] })).toEqual({
    models: [
      {
        folder: "models/small",
        instances: "auto",
        spares: 1,
        executionProvider: "auto",
        precision: "auto",
        intraOpNumThreads: 1,
        maxBatchSize: "auto",
        chunksPerWindow: 1,
        required: true,
        plugins: [],
      },
    ],
  });
});

test.each([
  ["deadline.defaultMs", 49],
  ["deadline.defaultMs", 120_001],
  ["classify.threshold", 1.01],
  ["scheduler.maxBatchTokens", 127],
  ["server.port", 65_536],
  ["server.port", 80.5],
  ["server.port", "8080"],
  ["server.trustProxy", ["not an address"]],
  ["server.headersTimeoutMs", 30_001],
  ["processes.backoffInitialMs", 30_001],
  ["shutdown.readinessDelayMs", 25_001],
  ["processes.niceness", -1],
  ["service.maintenance", "false"],
  ["log.level", "verbose"],
  ["telemetry.channels", ["other"]],
  ["auth.mode", "always"],
  ["rateLimit.redisShare", 0],
  ["rateLimit.routeShare", 1.1],
  ["rateLimit.costPerText", -1],
  ["rateLimit.mistakes", { burst: 1e9, refillPerSecond: 1 }],
  ["telemetry.media", ["image", "image"]],
  ["telemetry.media", ["two words"]],
  ["memory.windowSamples", 31],
  ["memory.processLimitBytes", 1024],
  ["memory.processLimitBytes", "automatic"],
  ["telemetry.propagation", ["jaeger"]],
  ["telemetry.propagation", ["b3", "b3"]],
])("%s = %j is refused, and the refusal names the key", (key, value) => {
  const result = settingsSchema.safeParse(withSetting(key, value));
  expect(result.error?.issues[0]?.path.slice(0, 2).join(".")).toBe(key);
  expect(result.error?.issues).toHaveLength(1);
});

test.each([
  ["server.trustProxy", true],
  ["server.trustProxy", ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]],
  ["rateLimit.redisShare", 1],
  ["rateLimit.mistakes", { burst: 1, refillPerSecond: 0.5 }],
  ["server.port", 0],
  ["telemetry.channels", []],
  ["telemetry.propagation", []],
  ["telemetry.propagation", ["tracecontext", "b3multi", "b3"]],
  ["classify.threshold", 0],
  ["processes.niceness", 19],
  ["memory.processLimitBytes", 67_108_864],
  ["memory.maxReplacementsPerHour", 0],
])("%s = %j is accepted", (key, value) => {
  expect(settingsSchema.safeParse(withSetting(key, value)).success).toBe(true);
});

test("there are as many tiers as wanted, but always those for clients without one and without a key", () => {
  const bucket = { burst: 10, refillPerSecond: 1 };
  expect(withTiers({ default: bucket, anonymous: bucket, gold: bucket }).success).toBe(true);
  expect(withTiers({ default: bucket }).error?.issues).toMatchObject([{ path: ["rateLimit", "tiers", "anonymous"] }]);
  expect(withTiers({ default: bucket, anonymous: bucket, gold: { burst: 0, refillPerSecond: 1 } }).success).toBe(false);
});

test.each([0, 65, 1.5, "many"])("%j instances of a model are refused", (instances) => {
  const result = modelsFileSchema.safeParse({ models: [{ folder: "models/small", instances }] });
  expect(result.error?.issues).toMatchObject([{ path: ["models", 0, "instances"] }]);
});

test("a folder that is served twice is refused", () => {
  const result = modelsFileSchema.safeParse({ models: [{ folder: "models/small" }, { folder: "models/small" }] });
  expect(result.error?.issues).toMatchObject([{ path: ["models"], message: "must not name a folder twice" }]);
});

function defaults(): Record<string, Record<string, unknown>> {
  return parse(readFileSync(join(projectRoot, "config/default.yaml"), "utf8")) as Record<
    string,
    Record<string, unknown>
  >;
}

function withSetting(key: string, value: unknown): unknown {
  const [section = "", name = ""] = key.split(".");
  const settings = defaults();
  return { ...settings, [section]: { ...settings[section], [name]: value } };
}

function withTiers(tiers: unknown): z.ZodSafeParseResult<unknown> {
  return settingsSchema.safeParse(withSetting("rateLimit.tiers", tiers));
}

function leafKeys(settings: Record<string, Record<string, unknown>>): string[] {
  return Object.entries(settings).flatMap(([section, keys]) => Object.keys(keys).map((key) => `${section}.${key}`));
}

function schemaKeys(schema: z.ZodObject): string[] {
  return Object.entries(schema.shape).flatMap(([section, inner]) =>
    Object.keys((inner as z.ZodObject).shape).map((key) => `${section}.${key}`),
  );
}
