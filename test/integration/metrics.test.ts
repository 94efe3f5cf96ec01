import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { formatKeyRecords } from "../../src/admission/keys/key-records.ts";
import { type MetricDefinition, metricTable } from "../../src/telemetry/metric-table.ts";
import { crashing } from "../fixtures/plugins/triggers.ts";
import { listKey } from "../helpers/api-keys.ts";
import { type MetricSample, metricSamples } from "../helpers/metric-samples.ts";
import { ServiceProcess } from "../helpers/service-process.ts";
import { speechFile } from "../helpers/speech-file.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

/** A service that has met every kind of request is scraped, and its counters are held against the client's own. */

const requestCount = 10_000;
/** Of these, what comes at once to a service with a short queue. */
const overloadCount = 300;
const connections = 48;
const rateLimit = {
  tiers: { default: { burst: 1e9, refillPerSecond: 1e9 }, few: { burst: 100, refillPerSecond: 0.001 } },
  mistakes: { burst: 300, refillPerSecond: 0.001 },
};
const harmless = "Quel temps magnifique ce matin !";

const folder = new TemporaryFolder();
const keys = makeKeys();
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const outcomes = new Map<string, number>();
let service: ServiceProcess;
let scrape: string;

beforeAll(async () => {
  const keysFile = join(folder.path, "api-keys");
  writeFileSync(keysFile, keys.file, { mode: 0o600 });
  service = await ServiceProcess.ready({
    hears: true,
    model: { instances: 1, spares: 1, plugins: ["test/fixtures/plugins/crashes-on-token.ts"] },
    settings: {
      auth: { keysFile },
      rateLimit,
    },
  });
  await sendMixed(requestCount - overloadCount);
  writeFileSync(service.settingsFile, stringify({ auth: { keysFile }, rateLimit, scheduler: { maxQueueSize: 2 } }));
  await service.logged(({ event }) => event === "config_reloaded");
  await Promise.all(Array.from({ length: overloadCount }, async (_, number) => note(await classify(number))));
  // The last answer is counted when it has left, a client that went away when its connection has closed.
  await vi.waitFor(async () => expect(total(await samplesNow(), "inference_requests_total")).toBe(tasks()), {
    timeout: 30_000,
    interval: 200,
  });
  scrape = await (await fetch(`${service.url}/metrics`, { headers: { "x-api-key": keys.full } })).text();
});

afterAll(async () => {
  agent.destroy();
  await service[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

test("the client's own count of 10,000 mixed requests equals the counters exactly", () => {
  const samples = metricSamples(scrape);
  expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(requestCount);
  // Each kind of outcome was met, or its count proves nothing.
  const codes = [...outcomes.keys()].map((key) => key.split(" ")[1]);
  expect(new Set(codes)).toEqual(new Set(expectedCodes));

  const counted = new Map<string, number>();
  for (const { labels, value } of ofMetric(samples, "http_server_request_duration_seconds_count")) {
    const key = `${labels["route"]} ${labels["status_code"]}`;
    counted.set(key, (counted.get(key) ?? 0) + value);
  }
  const probes = [...counted.keys()].filter((key) => key.startsWith("/metrics "));
  probes.forEach((key) => counted.delete(key));
  expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(byRouteAndStatus()));

  const failures = tallyTasks((code) => (code === "success" ? null : code));
  const errors = ofMetric(samples, "inference_errors_total").filter(({ value }) => value > 0);
  expect(Object.fromEntries(errors.map(({ labels, value }) => [labels["code"], value]))).toEqual(
    Object.fromEntries(failures),
  );
  const byStatus = (status: string) =>
    total(
      samples.filter(({ labels }) => labels["status"] === status),
      "inference_requests_total",
    );
  expect(byStatus("success")).toBe(tallyTasks((code) => code).get("success"));
  expect(byStatus("error")).toBe([...failures.values()].reduce((sum, count) => sum + count, 0));
});

test("successes are counted by the channels and media that the client named, if they are known", () => {
  const successes = metricSamples(scrape).filter(
    ({ name, labels }) => name === "inference_requests_total" && labels["status"] === "success",
  );
  const counted = successes.map(({ labels, value }) => [`${labels["channel"]} ${labels["media"]}`, value]);
  expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(successesByOrigin));
});

test("every label has a value of its metric's table, and every metric of the table is there", () => {
  const samples = metricSamples(scrape);
  const definitions = new Map<string, MetricDefinition>(Object.values(metricTable).map((each) => [each.name, each]));
  const own = samples.filter(({ name }) => !/^(process|nodejs)_/.test(name));
  const wrong = own.filter(({ name, labels }) => {
    const definition = definitions.get(name) ?? definitions.get(name.replace(/_(bucket|sum|count)$/, ""));
    return definition === undefined || !Object.entries(labels).every((each) => isAllowed(definition, each));
  });
  expect(wrong).toEqual([]);
  expect([...definitions.keys()].filter((name) => !scrape.includes(`# TYPE ${name} `))).toEqual([]);
});

const missingPromtool = spawnSync("promtool", ["--version"]).status === 0 ? null : "promtool is not installed";
if (missingPromtool !== null) {
  console.log(`skipped: ${missingPromtool} (Debian package prometheus)`);
}

test.skipIf(missingPromtool !== null)("promtool finds nothing wrong with what is exposed", () => {
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: scrape, encoding: "utf8" });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
});

/** What became of a request: its route as metrics name it, the code of its error or success, and its status. */
type Outcome = readonly [route: string, code: string, status: number];

const expectedCodes = [
  "client_closed_request",
  "deadline_exceeded",
  "empty_audio",
  "headers_too_large",
  "inference_process_crashed",
  "invalid_api_key",
  "invalid_request",
  "method_not_allowed",
  "model_not_found",
  "not_found",
  "overloaded",
  "payload_too_large",
  "permission_denied",
  "rate_limit_exceeded",
  "success",
  "unsupported_media_type",
];

const taskRoutes = new Set(["/v1/classify", "/v1/moderations", "/v1/transcribe", "/v1/audio/transcriptions"]);
const successesByOrigin = new Map<string, number>();

/** By turns, so that all kinds meet each other. */
async function sendMixed(count: number): Promise<void> {
  let sent = 0;
  const sendNext = async (): Promise<void> => {
    while (sent < count) {
      const number = sent++;
      const send = rare(number) ?? common[number % common.length] ?? classify;
      note(await send(number));
    }
  };
  await Promise.all(Array.from({ length: connections }, sendNext));
}

function note(outcome: Outcome): void {
  const key = outcome.join(" ");
  outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
}

type Send = (number: number) => Promise<Outcome>;

const channels = ["web", "api", "nobody-knows-it", undefined];

const classify: Send = (number) => {
  const channel = channels[Math.floor(number / common.length) % channels.length];
  return post("/v1/classify", {
    json: { inputs: { classificationInputs: [harmless] }, extraParams: { channel, media: "text" } },
    origin: `${channel === "nobody-knows-it" ? "other" : (channel ?? "none")} text`,
  });
};

const common: readonly Send[] = [
  classify,
  () => post("/v1/classify", { body: "{" }),
  () => post("/v1/moderations", { json: { input: harmless } }),
  () => post("/v1/classify", { json: { inputs: { classificationInputs: [" "] } } }),
  classify,
  () => post("/v1/classify", { key: keys.unknown, json: {} }),
  () => post("/v1/classify", { key: keys.metricsOnly, json: {} }),
  () => post("/v1/classify", { key: keys.few, json: { inputs: { classificationInputs: [harmless] } } }),
  classify,
  () => post("/v1/moderations", { json: { input: harmless, model: "no-such-model" } }),
  () => post("/v1/classify", { headers: { "content-type": "text/plain" }, body: "x" }),
  () => post("/v1/classify", { headers: { "content-length": "99000000" }, body: null }),
  () => post("/v1/classify", { method: "PUT", json: {} }),
  () => post("/no-such-path", { json: {} }),
  () => post("/v1/transcribe?response_format=none", { headers: { "content-type": "audio/wav" }, body: "x" }),
  () => leave("/v1/classify"),
];

/** Every one of these starts a process or waits for a while. */
function rare(number: number): Send | null {
  switch (number % 500) {
    case 7:
      return () => post("/v1/transcribe", { headers: { "content-type": "audio/wav" }, body: speechFile([], 0) });
    case 107:
      return () =>
        post("/v1/transcribe", { headers: { "content-type": "audio/wav" }, body: "this is no sound ".repeat(99) });
    case 207:
      return () =>
        post("/v1/classify", { headers: { "x-request-timeout-ms": "60", "content-length": "50" }, body: null });
    case 307:
      return () => post("/v1/classify", { headers: { "x-filler": "x".repeat(17_000) }, json: {} });
    case 407:
      return number < 3_000
        ? () => post("/v1/classify", { json: { inputs: { classificationInputs: [crashing.text] } } })
        : null;
    default:
      return null;
  }
}

interface Message {
  readonly method?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null: headers announce one that never comes. */
  readonly body?: string | Buffer | null;
  readonly json?: unknown;
  /** Channel and medium as metrics name them, if it succeeds. */
  readonly origin?: string;
}

async function post(
  path: string,
  { method = "POST", key = keys.full, headers = {}, body, json, origin = "none none" }: Message,
): Promise<Outcome> {
  const content = json === undefined ? (body ?? "") : JSON.stringify(json);
  const sent = request(`${service.url}${path}`, {
    agent: body === null ? false : agent,
    method,
    headers: { "x-api-key": key, "content-type": "application/json", ...headers },
  });
  sent.on("error", () => {
    // A refusal may come before the body was sent; the answer says it all.
  });
  if (body === null) {
    sent.flushHeaders();
  } else {
    sent.end(content);
  }
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const answer = await readText(response);
  sent.destroy();
  const { statusCode: status = 0 } = response;
  const code = status < 400 ? "success" : (JSON.parse(answer) as { error: { code: string } }).error.code;
  if (code === "success") {
    successesByOrigin.set(origin, (successesByOrigin.get(origin) ?? 0) + 1);
  }
  return [method === "PUT" ? "unmatched" : routeOf(path, code), code, status];
}

/** Goes away as soon as the service asks for the body: so that it has seen the request, and can see nobody is there. */
async function leave(path: string): Promise<Outcome> {
  const headers = {
    "x-api-key": keys.full,
    "content-type": "application/json",
    "content-length": "100",
    expect: "100-continue",
  };
  const sent = request(`${service.url}${path}`, { agent: false, method: "POST", headers });
  sent.on("error", () => {
    // It is ours.
  });
  sent.flushHeaders();
  await once(sent, "continue");
  sent.destroy();
  return [path, "client_closed_request", 499];
}

/** Requests whose headers are too large are not read as far as their path. */
function routeOf(path: string, code: string): string {
  const isUnmatched = ["not_found", "headers_too_large"].includes(code) || path === "/no-such-path";
  return isUnmatched ? "unmatched" : (path.split("?")[0] ?? "");
}

/** The client's task requests by what `keyOf` makes of their code; null leaves them out. */
function tallyTasks(keyOf: (code: string) => string | null): Map<string, number> {
  const tally = new Map<string, number>();
  for (const [outcome, count] of outcomes) {
    const [route = "", code = ""] = outcome.split(" ");
    const key = taskRoutes.has(route) ? keyOf(code) : null;
    if (key !== null) {
      tally.set(key, (tally.get(key) ?? 0) + count);
    }
  }
  return tally;
}

function tasks(): number {
  return tallyTasks(() => "all").get("all") ?? 0;
}

function byRouteAndStatus(): Map<string, number> {
  const tally = new Map<string, number>();
  for (const [outcome, count] of outcomes) {
    const [route, , status] = outcome.split(" ");
    const key = `${route} ${status}`;
    tally.set(key, (tally.get(key) ?? 0) + count);
  }
  return tally;
}

async function samplesNow(): Promise<MetricSample[]> {
  return metricSamples(await (await fetch(`${service.url}/metrics`, { headers: { "x-api-key": keys.full } })).text());
}

function ofMetric(samples: readonly MetricSample[], name: string): MetricSample[] {
  return samples.filter((sample) => sample.name === name);
}

function total(samples: readonly MetricSample[], name: string): number {
  return ofMetric(samples, name).reduce((sum, { value }) => sum + value, 0);
}

function isAllowed({ labels, type }: MetricDefinition, [label, value]: readonly [string, string]): boolean {
  const bounds = labels[label];
  return (bounds === undefined && label === "le" && type === "histogram") || bounds === undefined
    ? label === "le"
    : "boundedBy" in bounds || bounds.includes(value);
}

function makeKeys() {
  const full = listKey({ client: "full", scopes: ["classify", "transcribe", "metrics"] });
  const metricsOnly = listKey({ client: "metrics-only", scopes: ["metrics"] }, full.records);
  const few = listKey({ client: "few", tier: "few" }, metricsOnly.records);
  const unknown = listKey();
  return {
    full: full.key,
    metricsOnly: metricsOnly.key,
    few: few.key,
    unknown: unknown.key,
    file: formatKeyRecords(few.records),
  };
}
