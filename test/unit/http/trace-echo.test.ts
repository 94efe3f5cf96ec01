import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, test } from "vitest";
import { fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody } from "../../helpers/fake-client.ts";
import { fakeSpeechApp } from "../../helpers/fake-speech-app.ts";
import { rawUpload } from "../../helpers/transcribe-request.ts";

const traceId = "463ac35c9f6413ad48485a3953bb6124";
const parent = "e457b5a2e4d86bd1";
const b3 = `${traceId}-${parent}-1`;
const echoed = {
  b3: expect.stringMatching(new RegExp(`^${traceId}-[0-9a-f]{16}-1-${parent}$`)),
  traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`)),
};

describe("every answer names its trace", () => {
  it.each([
    ["one that is well", { method: "GET", url: "/livez" }, 200],
    ["an unknown path", { method: "GET", url: "/nope" }, 404],
    ["a path that cannot be read", { method: "GET", url: "/%" }, 400],
    ["a wrong method", { method: "DELETE", url: "/v1/classify" }, 405],
    ["OPTIONS", { method: "OPTIONS", url: "/v1/classify" }, 204],
    ["a body that is none", { method: "POST", url: "/v1/classify", payload: "{" }, 400],
    ["a field that is wrong", { method: "POST", url: "/v1/classify", payload: "{}" }, 400],
    ["a task that is done", { method: "POST", url: "/v1/classify", payload: JSON.stringify(classifyBody()) }, 200],
  ] as const)("%s", async (_name, { method, url, ...rest }, status) => {
    await using fake = await fakeApp();
    const payload = "payload" in rest ? rest.payload : "";
    const headers = { "content-type": "application/json", b3 };
    const response = await fake.app.inject({ method, url, headers, ...(payload !== "" && { payload }) });
    expect(response.statusCode).toBe(status);
    expect(response.headers).toMatchObject(echoed);
    expect(response.headers["traceparent"]).toContain(fake.finished[0]?.spanId);
    if (status >= 400) {
      expect(response.json()).toMatchObject({ traceId });
    }
  });

  it("a request that is refused at the door", async () => {
    await using fake = await fakeApp({ service: { maintenance: true } });
    const response = await fake.app.inject({ method: "POST", url: "/v1/classify", headers: { b3 }, payload: {} });
    expect(response.statusCode).toBe(503);
    expect(response.headers).toMatchObject(echoed);
  });

  it("a transcript, and one that fails in the middle of its stream", async () => {
    await using fake = await fakeSpeechApp();
    const upload = rawUpload("?stream=true");
    const response = await fake.app.inject({ ...upload, headers: { ...upload.headers, b3 } });
    expect(response.headers).toMatchObject(echoed);
    fake.speechModel.windowsAhead = 1;
    const heard = fake.speechModel.inputs.length;
    fake.speechModel.hear = () => {
      if (fake.speechModel.inputs.length === heard + 2) {
        throw new Error("bug");
      }
      return { text: "Bonjour." };
    };
    const failed = await fake.app.inject({ ...upload, headers: { ...upload.headers, b3 } });
    expect(failed.statusCode).toBe(200);
    expect(failed.body).toMatch(new RegExp(`event: error\ndata: .*"traceId":"${traceId}"`));
  });

  it("what cannot be read as a request, in a trace of its own", async () => {
    await using fake = await fakeApp();
    const socket = connect(await fake.listen(), "127.0.0.1");
    socket.end("GET / HTTP/1.1\r\nbad header\r\n\r\n");
    const answer = await text(socket);
    const id = /^b3: (\w{32})-\w{16}\r$/m.exec(answer)?.[1];
    expect(answer).toContain(`"traceId":"${id}"`);
    expect(answer).toMatch(new RegExp(`^traceparent: 00-${id}-\\w{16}-00\r$`, "m"));
    expect(fake.finished).toMatchObject([{ traceId: id }]);
  });
});

test("answers name their trace in the formats of the settings only", async () => {
  await using fake = await fakeApp({ telemetry: { propagation: ["b3multi"] } });
  const response = await fake.app.inject({ url: "/livez", headers: { b3: `${traceId}-${parent}-d` } });
  expect(response.headers).toMatchObject({
    "x-b3-traceid": traceId,
    "x-b3-spanid": fake.finished[0]?.spanId,
    "x-b3-parentspanid": parent,
    "x-b3-flags": "1",
  });
  for (const absent of ["b3", "traceparent", "x-b3-sampled"]) {
    expect(response.headers).not.toHaveProperty(absent);
  }
});

test("a tracestate is echoed with its traceparent, and never a broken one", async () => {
  await using fake = await fakeApp();
  const port = await fake.listen();
  const send = async (tracestate: string[]): Promise<string | undefined> => {
    const headers = { traceparent: `00-${traceId}-${parent}-01`, tracestate };
    const sent = request({ port, path: "/livez", headers }).end();
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    sent.once("response", (response) => {
      response.resume();
      resolve(response.headers["tracestate"] as string | undefined);
    });
    return promise;
  };
  expect(await send(["a=1", "b=2"])).toBe("a=1,b=2");
  expect(await send(["a=1", "<script>"])).toBeUndefined();
});

describe("the decision whether a trace is recorded", () => {
  it("is told to the client, and makes a timeline", async () => {
    await using fake = await fakeApp();
    fake.decideSampling = (trace, route) => trace.traceId.startsWith("4") && route === "/v1/classify";
    const classify = async (headers: Record<string, string>, extraParams = {}) =>
      fake.app.inject({ method: "POST", url: "/v1/classify", headers, payload: { ...classifyBody(), extraParams } });
    expect((await classify({ b3: `${traceId}-${parent}` })).headers["traceparent"]).toMatch(/-01$/);
    expect((await classify({ b3: `5${traceId.slice(1)}-${parent}-1` })).headers["traceparent"]).toMatch(/-00$/);
    expect((await classify({}, { "X-B3-TraceId": traceId })).headers["traceparent"]).toMatch(/-01$/);
    expect(fake.finished.map(({ timeline }) => timeline === null)).toEqual([false, true, false]);
    expect(fake.finished[0]?.timeline?.stages.map(({ name }) => name)).toEqual(["preprocess", "postprocess"]);
  });

  it("is the caller's, and makes no timeline, where traces are not recorded at all", async () => {
    await using fake = await fakeApp();
    const response = await fake.app.inject({ url: "/livez", headers: { b3 } });
    expect(response.headers["traceparent"]).toMatch(/-01$/);
    expect(fake.finished[0]?.timeline).toBeNull();
  });

  it("of a caller that denies it holds for the trace that the body names", async () => {
    await using fake = await fakeApp();
    fake.decideSampling = (trace) => trace.sampled ?? true;
    const payload = { ...classifyBody(), extraParams: { "X-B3-TraceId": traceId } };
    await fake.app.inject({ method: "POST", url: "/v1/classify", headers: { b3: "0" }, payload });
    expect(fake.finished).toMatchObject([{ traceId, trace: { sampled: false }, timeline: null }]);
  });
});
