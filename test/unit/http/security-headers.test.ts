import { expect, test } from "vitest";
import { errorCodes, ServiceError } from "../../../src/errors.ts";
import { listKey } from "../../helpers/api-keys.ts";
import { fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody, FakeClient } from "../../helpers/fake-client.ts";
import { fakeSpeechApp } from "../../helpers/fake-speech-app.ts";

const wanted: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Headers that tell what the service is made of. */
const banners = ["server", "x-powered-by", "via"];

function expectHardened(headers: Readonly<Record<string, unknown>>): void {
  expect(headers).toMatchObject(wanted);
  expect(banners.filter((name) => name in headers)).toEqual([]);
}

test.each([
  ["GET", "/livez"],
  ["GET", "/health"],
  ["GET", "/metrics"],
  ["GET", "/v1/models"],
  ["GET", "/openapi.json"],
  ["GET", "/nowhere"],
  ["OPTIONS", "/v1/classify"],
  ["DELETE", "/v1/classify"],
  ["POST", "/v1/classify"],
  ["POST", "/v1/transcribe"],
  ["GET", "/%zz"],
] as const)("%s %s is answered with every security header and without a banner", async (method, url) => {
  await using fake = await fakeApp();
  expectHardened((await fake.app.inject({ method, url })).headers);
});

test("so are scores, transcripts and streams", async () => {
  await using fake = await fakeSpeechApp();
  expectHardened((await fake.app.inject({ method: "POST", url: "/v1/classify", payload: classifyBody() })).headers);
  for (const query of ["", "?stream=true"]) {
    const url = `/v1/transcribe${query}`;
    const audio = { headers: { "content-type": "audio/wav" }, payload: Buffer.alloc(3_000, 1) };
    expectHardened((await fake.app.inject({ method: "POST", url, ...audio })).headers);
  }
});

test("the page of the documentation may be framed by nobody, and has its own policy for scripts", async () => {
  await using fake = await fakeApp();
  const { headers } = await fake.app.inject("/docs/");
  expectHardened({ ...headers, "content-security-policy": wanted["content-security-policy"] });
  expect(headers["content-security-policy"]).toContain("script-src 'self'");
  expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
});

test("so is what cannot be read as a request", async () => {
  await using fake = await fakeApp();
  using client = await FakeClient.connect(await fake.listen());
  client.send("NONSENSE\r\n\r\n");
  const { headers, body } = await client.response();
  expectHardened(Object.fromEntries(headers));
  expect(body).not.toContain(".ts");
});

test.each(errorCodes.filter((code) => code !== "client_closed_request"))("%s shows no stack trace", async (code) => {
  await using fake = await fakeApp();
  const cause = new Error("cause-canary");
  fake.model.runWith = () =>
    Promise.reject(new ServiceError(code, "Dommage.", { cause, facts: { canary: "fact-canary" } }));
  const { body } = await fake.app.inject({ method: "POST", url: "/v1/classify", payload: classifyBody() });
  expectNoInsides(body);
});

test("an error that nobody foresaw shows nothing of itself on any route", async () => {
  await using fake = await fakeApp();
  const failure = new TypeError("canary: x is not a function");
  fake.model.runWith = () => Promise.reject(failure);
  fake.metricsText = () => Promise.reject(failure);
  const posted = await fake.app.inject({ method: "POST", url: "/v1/classify", payload: classifyBody() });
  for (const { statusCode, body, headers } of [posted, await fake.app.inject("/metrics")]) {
    expect(statusCode).toBe(500);
    expectNoInsides(body + JSON.stringify(headers));
  }
});

test("a store or a list of keys that fails shows nothing of itself either", async () => {
  await using fake = await fakeApp();
  fake.keys = listKey().records;
  fake.refreshKeys = () => Promise.reject(new Error("canary"));
  const other = listKey().key;
  const headers = { "x-api-key": other };
  const { statusCode, body } = await fake.app.inject({ method: "POST", url: "/v1/classify", headers, payload: {} });
  expect(statusCode).toBe(500);
  expectNoInsides(body);
  expect(body).not.toContain(other);
});

function expectNoInsides(text: string): void {
  expect(text).not.toMatch(/canary|\.ts\b|\bat \w|node_modules|node:internal/);
}
