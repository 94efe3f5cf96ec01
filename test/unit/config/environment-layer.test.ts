import { expect, test } from "vitest";
import { readEnvironmentLayer } from "../../../src/config/environment-layer.ts";

test.each([
  ["SERVICE__SCHEDULER__MAX_BATCH_SIZE", "16", { scheduler: { maxBatchSize: 16 } }],
  ["SERVICE__CLASSIFY__THRESHOLD", "0.25", { classify: { threshold: 0.25 } }],
  ["SERVICE__SERVICE__MAINTENANCE", "true", { service: { maintenance: true } }],
  ["SERVICE__SERVER__TRUST_PROXY", "false", { server: { trustProxy: false } }],
  ["SERVICE__SERVER__TRUST_PROXY", "10.0.0.0/8, ::1", { server: { trustProxy: ["10.0.0.0/8", "::1"] } }],
  ["SERVICE__TELEMETRY__CHANNELS", "web,sms", { telemetry: { channels: ["web", "sms"] } }],
  ["SERVICE__SERVICE__ENVIRONMENT", " 42 ", { service: { environment: "42" } }],
  ["SERVICE__SERVER__PORT", "08 or so", { server: { port: "08 or so" } }],
  ["SERVICE__RATE_LIMIT__TIERS__DEFAULT__BURST", "50", { rateLimit: { tiers: { default: { burst: 50 } } } }],
  ["SERVICE__RATE_LIMIT__COST_PER1000_TOKENS", "0.5", { rateLimit: { costPer1000Tokens: 0.5 } }],
  ["SERVICE__AUTH__KEYS_FILE", "/run/keys.json", { auth: { keysFile: "/run/keys.json" } }],
  ["PORT", "9000", { server: { port: 9000 } }],
  ["HOST", "::1", { server: { host: "::1" } }],
  ["LOG_LEVEL", "debug", { log: { level: "debug" } }],
])("%s=%s sets the value that its schema can take", (variable, text, expected) => {
  const { layer, problems } = readEnvironmentLayer({ [variable]: text });
  expect(problems).toEqual([]);
  expect(layer?.value).toEqual(expected);
});

test("the long name of a setting wins over its short name, in any order", () => {
  const long = { SERVICE__SERVER__PORT: "1" };
  for (const environment of [
    { PORT: "2", ...long },
    { ...long, PORT: "2" },
  ]) {
    const { layer } = readEnvironmentLayer(environment);
    expect(layer?.value).toEqual({ server: { port: 1 } });
    expect(layer?.sourceOf(["server", "port"])).toBe("SERVICE__SERVER__PORT");
  }
});

test("an empty variable counts as not set, and other variables are none of ours", () => {
  const { layer, problems } = readEnvironmentLayer({
    PORT: "",
    SERVICE__LOG__LEVEL: " ",
    SERVICE_HOST: "x",
    PATH: "y",
  });
  expect(layer?.value).toEqual({});
  expect(problems).toEqual([]);
});

test.each([
  ["SERVICE__SERVER__PROT", "names no setting; did you mean SERVICE__SERVER__PORT?"],
  ["SERVICE__XYZZY__ABRACADABRA", "names no setting"],
  ["SERVICE__SCHEDULER", "names a section; set one key of it, such as SERVICE__SCHEDULER__MAX_QUEUE_SIZE"],
  ["SERVICE__MODELS__0__FOLDER", "models are not set through the environment; name a file with MODELS_FILE"],
])("%s is a problem that says what to do", (variable, message) => {
  expect(readEnvironmentLayer({ [variable]: "1" }).problems).toEqual([{ key: null, source: variable, message }]);
});

test("a setting is located by its variable, and so is an item of its list", () => {
  const { layer } = readEnvironmentLayer({ PORT: "1", SERVICE__TELEMETRY__MEDIA: "a,b" });
  expect(layer?.sourceOf(["server", "port"])).toBe("PORT");
  expect(layer?.sourceOf(["telemetry", "media", 1])).toBe("SERVICE__TELEMETRY__MEDIA");
  expect(layer?.sourceOf(["server"])).toBeNull();
});
