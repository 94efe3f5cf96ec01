import { createConnection } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { crashing } from "../fixtures/plugins/triggers.ts";
import { ServiceProcess } from "../helpers/service-process.ts";
import { speechFile } from "../helpers/speech-file.ts";

/**
 * Canaries in every place of every route that a client can fill, but for those that log lines are to show (the client's
 * name and the request's id), whether the request succeeds, is refused, or dies with its
 * process: none may be in the log at its most talkative level, in the metrics, or in the body of an error.
 */

/** What was planted so far, each in one place only. */
const planted: string[] = [];
const letters = "abcdefghijklmnopqrstuvwxyz";
const errorBodies: string[] = [];
let service: ServiceProcess;

beforeAll(async () => {
  service = await ServiceProcess.ready({
    hears: true,
    model: { instances: 1, spares: 1, plugins: ["test/fixtures/plugins/crashes-on-token.ts"] },
    environment: { LOG_LEVEL: "trace" },
  });
});

afterAll(() => service[Symbol.asyncDispose]());

test("every route that the service documents is asked below", async () => {
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const asked = [...jsonRoutes(), ...audioRoutes(), ...readingRoutes()];
  expect(Object.keys(document.paths).toSorted(compare)).toEqual([...asked, "/v1/models/{name}"].toSorted(compare));
});

test.each(jsonRoutes())("no field of a request to %s is written anywhere, whatever becomes of it", async (path) => {
  const fields = path === "/v1/classify" ? classifyBodies() : moderationBodies();
  for (const body of fields) {
    await ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  }
  const broken = [`{"inputs": "${canary()}`, `"${canary()}"`, `{"${canary()}": 1, "a": `, `[${canary()}]`];
  for (const body of broken) {
    await ask(path, { method: "POST", headers: { "content-type": "application/json" }, body });
  }
  await ask(path, { method: "POST", headers: { "content-type": `text/${canary()}` }, body: canary() });
  await expectSilence();
});

test.each(audioRoutes())(
  "no part of an upload to %s is written anywhere, and neither is what was said",
  async (path) => {
    const spoken = speechFile(["hello-world.wav"], 200);
    const heard = (await (await upload(path, spoken)).json()) as { text: string };
    const words = heard.text.split(/\s+/).filter((word) => word.length > 4);
    expect(words.length).toBeGreaterThan(0);
    planted.push(...words);
    await upload(path, withTitle(spoken, canary()));
    await upload(path, Buffer.from(`${canary()} `.repeat(200)));
    await upload(path, Buffer.concat([Buffer.from("ID3"), Buffer.from(canary().repeat(50))]));
    for (const name of [
      "model",
      "language",
      "response_format",
      "temperature",
      "seed",
      "prompt",
      "threshold",
      canary(),
    ]) {
      await upload(path, spoken, { [name]: canary() });
    }
    for (const name of ["channel", "media", "extra"]) {
      await upload(path, spoken.subarray(0, 400), { [name]: canary() });
    }
    await expectSilence();
  },
  120_000,
);

test("no path, query, header or method is written anywhere", async () => {
  for (const path of [...readingRoutes(), "/v1/models/camembert-toxicity-fr"]) {
    await ask(`${path}?${canary()}=${canary()}`, { headers: strangeHeaders() });
    await ask(`${path}/${canary()}`, {});
  }
  await ask(`/v1/models/${canary()}`, {});
  await ask("/v1/classify", { method: "DELETE", headers: strangeHeaders() });
  await ask(`/%${canary()}`, {});
  for (const raw of [
    `${canary()} / HTTP/1.1\r\nhost: x\r\n\r\n`,
    `GET / HTTP/9.${canary()}\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: x\r\n${canary()}\u0000: y\r\n\r\n`,
    `POST /v1/classify HTTP/1.1\r\nhost: x\r\ncontent-length: ${canary()}\r\n\r\n`,
  ]) {
    errorBodies.push(await sendRaw(raw));
  }
  await expectSilence();
});

test("a crash of the model under a text, and the end of the service, write nothing of it", async () => {
  const answers = await Promise.all(
    [`${crashing.text} ${canary()}`, `Bonjour ${canary()}`].map((text) =>
      ask("/v1/classify", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ inputs: { classificationInputs: [text] } }),
      }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([500, 200]);
  await expectSilence();
  service.child.kill("SIGTERM");
  await service.exited;
  expect(planted.filter((secret) => service.output.includes(secret))).toEqual([]);
});

/** A word that is nowhere else. Letters only: it may be in a name, a path and a header. */
function canary(): string {
  const word = `canary${Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => letters[byte % letters.length]).join("")}`;
  planted.push(word);
  return word;
}

function jsonRoutes(): string[] {
  return ["/v1/classify", "/v1/moderations"];
}

function audioRoutes(): string[] {
  return ["/v1/transcribe", "/v1/audio/transcriptions"];
}

function readingRoutes(): string[] {
  return ["/livez", "/readyz", "/startupz", "/health", "/metrics", "/v1/models", "/openapi.json"];
}

/** One body for each field, in which it holds a canary: of its own type, and of others. */
function classifyBodies(): unknown[] {
  const inputs = { classificationInputs: ["Bonjour"] };
  return [
    { inputs: { classificationInputs: [`Quel temps ! ${canary()}`] } },
    { inputs: { classificationInputs: ["Bonjour", canary().repeat(2_000)] } },
    { inputs: { classificationInputs: canary() } },
    { inputs: { classificationInputs: [{ [canary()]: canary() }] } },
    { inputs: canary() },
    { inputs: { ...inputs, [canary()]: canary() } },
    { inputs, [canary()]: canary() },
    { inputs, options: { threshold: canary() } },
    { inputs, options: { timeoutMs: canary() } },
    { inputs, options: { [canary()]: canary() } },
    { inputs, options: canary() },
    { inputs, extraParams: canary() },
    ...["channel", "media", "X-B3-TraceId", "X-B3-SpanId", canary()].flatMap((name) => [
      { inputs, extraParams: { [name]: canary() } },
      { inputs, extraParams: { [name]: { [canary()]: canary() } } },
    ]),
    { inputs, extraParams: { clientId: { [canary()]: canary() } } },
  ];
}

function moderationBodies(): unknown[] {
  return [
    { input: canary() },
    { input: [canary()] },
    { input: [{ type: "text", text: canary() }] },
    { input: [{ type: canary(), text: "Bonjour" }] },
    { input: [{ type: "text", text: "Bonjour", [canary()]: canary() }] },
    { input: { [canary()]: canary() } },
    { input: "Bonjour", model: canary() },
    { input: "Bonjour", [canary()]: canary() },
  ];
}

function strangeHeaders(): Record<string, string> {
  const names = ["user-agent", "referer", "cookie", "authorization", "x-api-key", "x-custom", "b3", "traceparent"];
  const entries = names.map((name) => [name, canary()] as const);
  return {
    ...Object.fromEntries(entries),
    "x-request-timeout-ms": canary(),
    "x-request-id": `${canary()} with spaces`,
  };
}

/** A WAV file with a title, as editors write it: a list of facts before the samples. */
function withTitle(file: Buffer, title: string): Buffer {
  const text = Buffer.from(title.length % 2 === 0 ? title : `${title} `);
  const list = Buffer.concat([Buffer.from("INFOINAM"), Buffer.alloc(4), text]);
  list.writeUInt32LE(text.length, 8);
  const head = Buffer.concat([Buffer.from("LIST"), Buffer.alloc(4)]);
  head.writeUInt32LE(list.length, 4);
  const whole = Buffer.concat([file.subarray(0, 36), head, list, file.subarray(36)]);
  whole.writeUInt32LE(whole.length - 8, 4);
  return whole;
}

/** As a form; its file has a name and a type that nobody asked for. */
function upload(path: string, file: Buffer, fields: Readonly<Record<string, string>> = {}): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    form.append(name, value);
  }
  form.append("file", new Blob([new Uint8Array(file)], { type: `audio/${canary()}` }), `${canary()}.wav`);
  return ask(path, { method: "POST", body: form });
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(`${service.url}${path}`, init);
  if (response.status >= 400) {
    errorBodies.push(await response.clone().text());
  }
  return response;
}

function sendRaw(text: string): Promise<string> {
  const { hostname, port } = new URL(service.url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = createConnection({ host: hostname, port: Number(port) }, () => socket.end(text));
    socket.setEncoding("utf8").on("data", (data: string) => {
      answer += data;
    });
    socket.once("close", () => resolve(answer));
    socket.once("error", reject);
  });
}

async function expectSilence(): Promise<void> {
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  // The log's lines leave in the order of their events: once this one is here, so are those before it.
  const mark = crypto.randomUUID();
  await fetch(`${service.url}/v1/models`, { headers: { "x-request-id": mark } });
  await service.logged((line) => line["request_id"] === mark);
  const found = planted.filter((secret) =>
    [service.output, metrics, ...errorBodies].some((text) => text.includes(secret)),
  );
  expect(found).toEqual([]);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
