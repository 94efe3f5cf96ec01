import { describe, expect, it, test } from "vitest";
import { createApiKey, createKeyId } from "../../../src/admission/keys/api-key.ts";
import type { KeyScope } from "../../../src/admission/keys/key-records.ts";
import { type ListedKey, listKey } from "../../helpers/api-keys.ts";
import { type FakeApp, fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody } from "../../helpers/fake-client.ts";
import { expectError } from "../../helpers/fake-error-check.ts";
import { fakeSpeechApp } from "../../helpers/fake-speech-app.ts";

const open = ["/livez", "/readyz", "/startupz", "/health", "/openapi.json", "/docs/"] as const;

/** The app where a key with these scopes is listed. */
async function appWithKey(...scopes: KeyScope[]): Promise<FakeApp & { listed: ListedKey }> {
  const listed = listKey({ scopes });
  return Object.assign(await fakeApp(), { listed, keys: listed.records });
}

function classify(fake: FakeApp, headers: Record<string, string | string[]> = {}, body: object = classifyBody()) {
  return fake.app.inject({ method: "POST", url: "/v1/classify", headers, payload: body });
}

describe("where there is a list of keys", () => {
  it.each([
    ["Authorization", (key: string) => ({ authorization: `Bearer ${key}` })],
    ["authorization in lower case", (key: string) => ({ authorization: `bearer ${key}` })],
    ["X-API-Key", (key: string) => ({ "x-api-key": key })],
    ["both, of the same key", (key: string) => ({ authorization: `Bearer ${key}`, "x-api-key": key })],
  ])("a valid key in %s comes in, and its client is told in the log", async (_where, headers) => {
    await using fake = await appWithKey("classify");
    expect((await classify(fake, headers(fake.listed.key))).statusCode).toBe(200);
    expect(fake.finished).toMatchObject([{ clientId: "acme", statusCode: 200 }]);
    expect(fake.model.contexts[0]?.client).toEqual({ address: "client acme", clientId: "acme" });
  });

  it.each<[what: string, reason: string, headers: (key: string) => Record<string, string | string[]>]>([
    ["no key", "missing", () => ({})],
    ["a word", "malformed", () => ({ authorization: "Bearer canary-3f91" })],
    ["another scheme", "malformed", () => ({ authorization: "Basic Y2FuYXJ5LTNmOTE=" })],
    ["a key with a wrong letter", "malformed", (key) => ({ "x-api-key": key.replace(/.$/, "!") })],
    ["a key nobody has", "unknown", () => ({ "x-api-key": createApiKey(createKeyId()).use((key) => key) })],
    ["two keys", "conflicting", (key) => ({ authorization: `Bearer ${key}`, "x-api-key": "canary-3f91" })],
    ["a header that is sent twice", "conflicting", (key) => ({ "x-api-key": [key, "canary-3f91"] })],
    ["far too much", "malformed", () => ({ "x-api-key": "canary-3f91".repeat(200) })],
  ])("refuses %s with 401, says why in the log only, and repeats nothing of it", async (_what, reason, headersFor) => {
    await using fake = await appWithKey("classify");
    const headers = headersFor(fake.listed.key);
    const response = await classify(fake, headers);
    expectError(response, "invalid_api_key");
    expect(response.headers["www-authenticate"]).toBe("Bearer");
    expect(fake.finished).toMatchObject([{ clientId: null, code: "invalid_api_key", facts: { key: reason } }]);
    expect(fake.model.contexts).toEqual([]);
    const said = JSON.stringify([response.headers, response.body, fake.finished]);
    for (const sent of Object.values(headers).flat()) {
      expect(said).not.toContain(sent.split(" ").at(-1));
    }
    expect(said).not.toContain(fake.listed.key);
  });

  it("refuses an expired key as an unknown one", async () => {
    const listed = listKey({ expiresAt: 1_000 });
    await using fake = Object.assign(await fakeApp(), { keys: listed.records, now: 999 });
    const headers = { "x-api-key": listed.key };
    expect((await classify(fake, headers)).statusCode).toBe(200);
    fake.now = 1_000;
    expectError(await classify(fake, headers), "invalid_api_key");
    expect(fake.finished.at(-1)).toMatchObject({ facts: { key: "expired" } });
  });

  it("looks once more for a key that was made a moment ago", async () => {
    const listed = listKey();
    await using fake = await fakeApp();
    fake.keys = new Map();
    fake.refreshKeys = () => {
      fake.keys = listed.records;
      return Promise.resolve();
    };
    expect((await classify(fake, { "x-api-key": listed.key })).statusCode).toBe(200);
    expect(fake.finished).toHaveLength(1);
  });

  it("has no key to refuse once the list is gone, and refuses everybody when it is empty", async () => {
    await using fake = await fakeApp();
    fake.keys = new Map();
    expectError(await classify(fake), "invalid_api_key");
    fake.keys = null;
    expect((await classify(fake)).statusCode).toBe(200);
  });

  it("reads no body of a refused request", async () => {
    await using fake = await appWithKey("classify");
    expectError(await classify(fake, { "content-type": "text/plain" }), "invalid_api_key");
  });

  it("believes the key and not the body about who asks", async () => {
    await using fake = await appWithKey("classify");
    const body = { ...classifyBody(), extraParams: { clientId: "somebody-else", channel: "web" } };
    expect((await classify(fake, { "x-api-key": fake.listed.key }, body)).statusCode).toBe(200);
    expect(fake.finished).toMatchObject([{ clientId: "acme", channel: "web" }]);
  });

  it.each(open)("%s is open to everybody", async (url) => {
    await using fake = await appWithKey("classify");
    expect((await fake.app.inject(url)).statusCode).toBe(200);
  });

  it.each<[url: string, method: "GET" | "POST", scope: KeyScope]>([
    ["/v1/classify", "POST", "classify"],
    ["/v1/moderations", "POST", "classify"],
    ["/v1/transcribe", "POST", "transcribe"],
    ["/v1/audio/transcriptions", "POST", "transcribe"],
    ["/metrics", "GET", "metrics"],
  ])("%s needs its scope", async (url, method, scope) => {
    const others = (["classify", "transcribe", "admin", "metrics"] as const).filter((each) => each !== scope);
    const wrong = listKey({ scopes: others });
    const right = listKey({ scopes: [scope] }, wrong.records);
    await using fake = Object.assign(await fakeSpeechApp(), { keys: right.records });
    const ask = (key: string) => fake.app.inject({ method, url, headers: { "x-api-key": key } });
    const { message } = expectError(await ask(wrong.key), "permission_denied");
    expect(message).toBe(`The API key lacks the scope ${scope}.`);
    expect(fake.finished).toMatchObject([{ clientId: "acme", statusCode: 403 }]);
    // Without a body, the task routes go on to say so.
    expect((await ask(right.key)).statusCode).toBe(method === "GET" ? 200 : 400);
  });

  it.each(["/v1/models", "/v1/models/camembert-toxicity-fr"])("%s takes any valid key", async (url) => {
    await using fake = await appWithKey("metrics");
    expectError(await fake.app.inject(url), "invalid_api_key");
    expect((await fake.app.inject({ url, headers: { "x-api-key": fake.listed.key } })).statusCode).toBe(200);
  });

  it("nobody needs one with auth.mode: none, and one that is sent says nothing", async () => {
    const listed = listKey();
    await using fake = Object.assign(await fakeApp({ auth: { mode: "none" } }), { keys: listed.records });
    expect((await classify(fake)).statusCode).toBe(200);
    expect((await classify(fake, { authorization: "Bearer none" })).statusCode).toBe(200);
    expect(fake.finished.map(({ clientId }) => clientId)).toEqual([null, null]);
  });
});

test("all requests of a client share its permits, wherever they come from, and leave others theirs", async () => {
  const first = listKey({ client: "first" });
  const second = listKey({ client: "second" }, first.records);
  await using fake = Object.assign(await fakeApp({ server: { maxConcurrentRequests: 3, trustProxy: true } }), {
    keys: second.records,
  });
  const gate = Promise.withResolvers<void>();
  fake.model.runWith = () => gate.promise;
  const ask = (key: string, address: string) => classify(fake, { "x-api-key": key, "x-forwarded-for": address });
  const held = [ask(first.key, "192.0.2.1"), ask(first.key, "192.0.2.2")];
  await waitForRuns(fake, 2);
  expectError(await ask(first.key, "192.0.2.3"), "overloaded");
  const other = ask(second.key, "192.0.2.1");
  await waitForRuns(fake, 3);
  gate.resolve();
  expect((await Promise.all([...held, other])).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
});

async function waitForRuns(fake: FakeApp, count: number): Promise<void> {
  await expect.poll(() => fake.model.contexts.length).toBe(count);
}
