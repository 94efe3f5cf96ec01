import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { formOverheadBytes } from "../../../src/http/multipart-upload.ts";
import { silence, speech } from "../../helpers/fake-audio-uploads.ts";
import { FakeClient } from "../../helpers/fake-client.ts";
import { expectError } from "../../helpers/fake-error-check.ts";
import { type FakeSpeechApp, fakeSpeechApp } from "../../helpers/fake-speech-app.ts";
import {
  boundary,
  chunk,
  chunkedHead,
  dechunked,
  formUpload,
  lastChunk,
  rawUpload,
} from "../../helpers/transcribe-request.ts";

const contentType = "Content-Type: audio/wav";
/** Time for the rest of a request, such that a busy machine still sends its head in time. */
const slowly = { headersTimeoutMs: 1_000, requestTimeoutMs: 1_000 };

const rawHead = chunkedHead("/v1/transcribe", contentType);

function limit(fake: FakeSpeechApp, limits: Partial<FakeSpeechApp["limits"]>): void {
  fake.limits = { ...fake.limits, ...limits };
}

function head(...headers: readonly string[]): string {
  return `${["POST /v1/transcribe HTTP/1.1", "Host: a", contentType, ...headers].join("\r\n")}\r\n\r\n`;
}

describe("the size of an upload", () => {
  it("may be that of the limit, and not a byte more: by its header, before a byte is read", async () => {
    await using fake = await fakeSpeechApp();
    limit(fake, { maxBytes: 1_000 });
    expect((await fake.app.inject(rawUpload("", speech(1_000)))).statusCode).toBe(200);
    const refused = await fake.app.inject(rawUpload("", speech(1_001)));
    expect(expectError(refused, "payload_too_large").message).toMatch(/at most 1000 bytes, received 1001/);
    expect(fake.uploads.sessions).toHaveLength(1);
  });

  it("is counted when no header tells it", async () => {
    await using fake = await fakeSpeechApp();
    limit(fake, { maxBytes: 1_000 });
    using client = await FakeClient.connect(await fake.listen());
    client
      .send(rawHead)
      .send(chunk(speech(600)))
      .send(chunk(speech(600)));
    const response = await client.response();
    expect(response.status).toBe(413);
    expect(response.headers.get("connection")).toBe("close");
    client.send(lastChunk);
    await client.closed();
    expect(fake.uploads.session).toMatchObject({ isClosed: true, isEnded: false });
    expect(fake.finished).toMatchObject([{ statusCode: 413, code: "payload_too_large" }]);
  });

  it("is counted in a form with all that is around its file", async () => {
    await using fake = await fakeSpeechApp();
    limit(fake, { maxBytes: 1_000 });
    expect((await fake.app.inject(formUpload("/v1/transcribe", ["file", speech(1_000)]))).statusCode).toBe(200);
    const type = `Content-Type: multipart/form-data; boundary=${boundary}`;
    using client = await FakeClient.connect(await fake.listen());
    client.send(chunkedHead("/v1/transcribe", type));
    const junk = chunk(Buffer.alloc(65_536, "x"));
    for (let sent = 0; sent <= formOverheadBytes + 1_000; sent += 65_536) {
      client.send(junk);
    }
    expect((await client.response()).status).toBe(413);
    const announced = [`Content-Length: ${formOverheadBytes + 1_001}`, type];
    using next = await FakeClient.connect(Number(client.socket.remotePort));
    next.send(`POST /v1/transcribe HTTP/1.1\r\nHost: a\r\n${announced.join("\r\n")}\r\n\r\n`);
    expect((await next.response()).status).toBe(413);
  });
});

describe("the bytes of an upload", () => {
  it("are taken one piece at a time, no faster than the session takes them", async () => {
    await using fake = await fakeSpeechApp();
    const { promise, resolve } = Promise.withResolvers<void>();
    fake.uploads.prepare = (session) => {
      session.writeWith = () => promise;
    };
    using client = await FakeClient.connect(await fake.listen());
    client.send(rawHead);
    const [first, piece] = [silence(1_000), silence(9_000)];
    client.send(chunk(first));
    await expect.poll(() => fake.uploads.sessions[0]?.received).toBe(1_000);
    for (let sent = 0; sent < 1_000; sent++) {
      client.send(chunk(piece));
    }
    client.send(lastChunk);
    // The kernels take some of it, the rest waits with the client.
    await expect.poll(() => client.socket.writableLength).toBeGreaterThan(0);
    expect(fake.uploads.session.received).toBe(1_000);
    resolve();
    expect((await client.response()).status).toBe(200);
    expect(fake.uploads.session.received).toBe(9_001_000);
  });

  it("are asked for by 100 Continue when the request was found good", async () => {
    await using fake = await fakeSpeechApp();
    using client = await FakeClient.connect(await fake.listen());
    client.send(head("Content-Length: 500", "Expect: 100-continue"));
    expect((await client.response()).status).toBe(100);
    expect((await client.send(speech(500)).response()).status).toBe(200);
    client.send(head("Content-Length: 500", "Expect: 100-continue", "Content-Encoding: gzip"));
    expect((await client.response()).status).toBe(415);
  });
});

describe("the pace of an upload", () => {
  it("may be slow: one that goes on is read for longer than other requests", async () => {
    await using fake = await fakeSpeechApp({ server: slowly });
    limit(fake, { minBytesPerSecond: 100 });
    using client = await FakeClient.connect(await fake.listen());
    client.send(rawHead);
    const start = performance.now();
    while (performance.now() - start < 2.5 * slowly.requestTimeoutMs) {
      client.send(chunk(speech(100)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await client.send(lastChunk).response()).status).toBe(200);
    expect(fake.finished[0]?.durationMs).toBeGreaterThan(2 * slowly.requestTimeoutMs);
  });

  it("may not stop: one that does is answered 408, and its session is closed", async () => {
    await using fake = await fakeSpeechApp({ server: slowly });
    using client = await FakeClient.connect(await fake.listen());
    client.send(rawHead).send(chunk(speech(5_000)));
    const response = await client.response();
    expect(response.status).toBe(408);
    expect(JSON.parse(response.body)).toMatchObject({ error: { code: "request_timeout" } });
    await client.closed();
    expect(fake.uploads.session.isClosed).toBe(true);
    expect(fake.finished).toMatchObject([{ statusCode: 408, code: "request_timeout" }]);
  });

  it("is not blamed for the time in which nobody reads", async () => {
    await using fake = await fakeSpeechApp({ server: slowly });
    const { promise, resolve } = Promise.withResolvers<void>();
    fake.uploads.prepare = (session) => {
      session.writeWith = () => promise;
    };
    using client = await FakeClient.connect(await fake.listen());
    client.send(rawHead).send(chunk(speech(100)));
    await expect.poll(() => fake.uploads.sessions[0]?.received).toBe(100);
    await new Promise((wake) => setTimeout(wake, 2 * slowly.requestTimeoutMs));
    expect(fake.finished).toEqual([]);
    resolve();
    expect((await client.send(lastChunk).response()).status).toBe(200);
  });
});

describe("the deadline of an upload", () => {
  it("is the one of the header, however long the audio is", async () => {
    await using fake = await fakeSpeechApp();
    fake.speechModel.hear = () => Promise.withResolvers<never>().promise;
    const upload = rawUpload("", speech(1_000_000));
    const headers = { ...upload.headers, "x-request-timeout-ms": "100" };
    const response = await fake.app.inject({ ...upload, headers });
    expectError(response, "deadline_exceeded");
    expect(response.headers["x-should-retry"]).toBe("false");
    expect(fake.uploads.session.isClosed).toBe(true);
    expect(fake.speechModel.contexts[0]?.signal.reason).toMatchObject({ code: "deadline_exceeded" });
  });

  it("counts from the headers, while the upload still arrives", async () => {
    await using fake = await fakeSpeechApp();
    using client = await FakeClient.connect(await fake.listen());
    client.send(chunkedHead("/v1/transcribe", contentType, "X-Request-Timeout-Ms: 100")).send(chunk(speech(10)));
    expect((await client.response()).status).toBe(504);
  });

  it("may be named up to a day", async () => {
    await using fake = await fakeSpeechApp();
    const upload = rawUpload();
    const withTimeout = (value: string) => ({
      ...upload,
      headers: { ...upload.headers, "x-request-timeout-ms": value },
    });
    expect((await fake.app.inject(withTimeout("86400000"))).statusCode).toBe(200);
    expect(fake.speechModel.contexts[0]?.deadline.remainingMs()).toBeGreaterThan(80_000_000);
    expectError(await fake.app.inject(withTimeout("86400001")), "invalid_request", "X-Request-Timeout-Ms");
  });

  it("is the floor of the settings by default", async () => {
    await using fake = await fakeSpeechApp();
    limit(fake, { deadlineFloorMs: 100 });
    fake.speechModel.hear = () => Promise.withResolvers<never>().promise;
    expectError(await fake.app.inject(rawUpload("", speech(10))), "deadline_exceeded");
  });

  it("moves on while the upload does", async () => {
    await using fake = await fakeSpeechApp();
    limit(fake, { deadlineFloorMs: 200 });
    using client = await FakeClient.connect(await fake.listen());
    client.send(rawHead);
    const start = performance.now();
    while (performance.now() - start < 500) {
      client.send(chunk(Buffer.alloc(10)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await client.send(lastChunk).response()).status).toBe(200);
  });

  it("moves on while audio is decoded in which nobody speaks", async () => {
    await using fake = await fakeSpeechApp();
    limit(fake, { deadlineFloorMs: 100 });
    const heard = Promise.withResolvers<never>();
    fake.speechModel.hear = () => heard.promise;
    fake.uploads.prepare = ({ request }) => request.onProgress(100_000);
    const answer = fake.app.inject(rawUpload("", speech(10)));
    await expect.poll(() => fake.speechModel.contexts.length).toBe(1);
    expect(fake.speechModel.contexts[0]?.deadline.remainingMs()).toBeGreaterThan(200_000);
    heard.reject(new ServiceError("internal_error", "enough"));
    expectError(await answer, "internal_error");
  });
});

describe("the room for uploads", () => {
  it("is shared by address: uploads that crawl leave a place, and give theirs back", async () => {
    await using fake = await fakeSpeechApp({ audio: { maxConcurrent: 1 } });
    using client = await FakeClient.connect(await fake.listen());
    client.send(rawHead).send(chunk(speech(10)));
    await expect.poll(() => fake.uploads.sessions.length).toBe(1);
    const refused = await fake.app.inject(rawUpload());
    expectError(refused, "overloaded");
    expect(refused.headers["retry-after"]).toBeDefined();
    expect((await client.send(lastChunk).response()).status).toBe(200);
    expect((await fake.app.inject(rawUpload())).statusCode).toBe(200);
  });

  it("ends an upload for which there is no disk space, and has it again afterwards", async () => {
    await using fake = await fakeSpeechApp({ audio: { spoolBytes: 1_048_576 } });
    expectError(await fake.app.inject(rawUpload("", Buffer.alloc(1_048_577))), "overloaded");
    expect((await fake.app.inject(rawUpload())).statusCode).toBe(200);
  });
});

describe("a client that leaves its upload", () => {
  it.each(["/v1/transcribe", "/v1/transcribe?stream=true"])("in the middle closes the session: %s", async (path) => {
    await using fake = await fakeSpeechApp({ server: { maxConcurrentRequests: 1 } });
    const port = await fake.listen();
    using client = await FakeClient.connect(port);
    client.send(chunkedHead(path, contentType)).send(chunk(speech(3_000)));
    await expect.poll(() => fake.speechModel.contexts.length).toBe(1);
    client.socket.destroy();
    await expect.poll(() => fake.finished).toMatchObject([{ statusCode: 499, code: "client_closed_request" }]);
    expect(fake.uploads.session.isClosed).toBe(true);
    expect(fake.speechModel.contexts[0]?.signal.aborted).toBe(true);
    expect(fake.failures).toEqual([]);
    using next = await FakeClient.connect(port);
    expect((await next.send(head("Content-Length: 10")).send(speech(10)).response()).status).toBe(200);
  });

  it("in the middle of a form closes the session", async () => {
    await using fake = await fakeSpeechApp();
    using client = await FakeClient.connect(await fake.listen());
    const { payload } = formUpload("/v1/transcribe", ["file", speech(3_000)]);
    const type = `Content-Type: multipart/form-data; boundary=${boundary}`;
    client.send(chunkedHead("/v1/transcribe", type)).send(chunk(payload.subarray(0, 2_000)));
    await expect.poll(() => fake.uploads.sessions.length).toBe(1);
    client.socket.destroy();
    await expect.poll(() => fake.finished).toMatchObject([{ statusCode: 499 }]);
    expect(fake.uploads.session.isClosed).toBe(true);
    expect(fake.failures).toEqual([]);
  });

  it("after it, while words are recognized, drops the windows and the moderation", async () => {
    await using fake = await fakeSpeechApp();
    fake.speechModel.hear = () => Promise.withResolvers<never>().promise;
    using client = await FakeClient.connect(await fake.listen());
    client
      .send(chunkedHead("/v1/transcribe?moderate=true", contentType))
      .send(chunk(speech(3_000)))
      .send(lastChunk);
    await expect.poll(() => fake.speechModel.contexts.length).toBe(1);
    client.socket.destroy();
    await expect.poll(() => fake.finished).toMatchObject([{ statusCode: 499 }]);
    expect(fake.speechModel.contexts[0]?.signal.aborted).toBe(true);
    await expect.poll(() => fake.model.holds).toBe(0);
    expect(fake.speechModel.holds).toBe(0);
    expect(fake.uploads.session.isClosed).toBe(true);
  });
});

describe("an answer that takes long", () => {
  it("begins with white space, and is valid JSON all the same", async () => {
    await using fake = await fakeSpeechApp();
    limit(fake, { heartbeatMs: 20 });
    const { promise, resolve } = Promise.withResolvers<{ text: string }>();
    fake.speechModel.hear = () => promise;
    using client = await FakeClient.connect(await fake.listen());
    client.send(head("Content-Length: 10")).send(speech(10));
    await expect.poll(() => client.rest).toMatch(/\r\n\r\n(?:1\r\n\n\r\n){3}/);
    expect(client.rest).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    resolve({ text: "Enfin." });
    await expect.poll(() => client.rest).toContain("0\r\n\r\n");
    expect(JSON.parse(dechunked(client.rest))).toMatchObject({ text: "Enfin." });
  });

  it.each(["text", "srt", "vtt"])("leaves piece by piece from then on: %s", async (format) => {
    await using fake = await fakeSpeechApp();
    limit(fake, { heartbeatMs: 20 });
    fake.speechModel.windowsAhead = 1;
    const gates = Array.from({ length: 2 }, () => Promise.withResolvers<{ text: string }>());
    fake.speechModel.hear = () => gates[fake.speechModel.inputs.length - 1]?.promise ?? { text: "Fin." };
    using client = await FakeClient.connect(await fake.listen());
    const upload = speech(4_000);
    client
      .send(chunkedHead(`/v1/transcribe?response_format=${format}`, contentType))
      .send(chunk(upload))
      .send(lastChunk);
    await expect.poll(() => client.rest).toContain("200 OK");
    gates[0]?.resolve({ text: "Un." });
    await expect.poll(() => client.rest).toContain("Un.");
    gates[1]?.resolve({ text: "Deux." });
    await expect.poll(() => client.rest).toContain("0\r\n\r\n");
    expect(client.rest).toContain("Deux.");
  });

  it.each(["json", "verbose_json", "text", "srt", "vtt"])(
    "breaks the connection when it fails after that, and is logged with the error's status: %s",
    async (format) => {
      await using fake = await fakeSpeechApp();
      limit(fake, { heartbeatMs: 20 });
      const { promise, reject } = Promise.withResolvers<never>();
      fake.speechModel.hear = () => promise;
      const port = await fake.listen();
      const response = fetch(`http://127.0.0.1:${port}/v1/transcribe?response_format=${format}`, {
        method: "POST",
        headers: { "content-type": "audio/wav" },
        body: Uint8Array.from(speech(10)),
      });
      expect((await response).status).toBe(200);
      reject(new Error("bug"));
      await expect((await response).text()).rejects.toThrow("terminated");
      await expect.poll(() => fake.finished).toMatchObject([{ statusCode: 500, code: "internal_error" }]);
    },
  );

  it("says last what went wrong where the format is JSON", async () => {
    await using fake = await fakeSpeechApp();
    limit(fake, { heartbeatMs: 20, deadlineFloorMs: 200 });
    fake.speechModel.hear = () => Promise.withResolvers<never>().promise;
    using client = await FakeClient.connect(await fake.listen());
    client.send(head("Content-Length: 10")).send(speech(10));
    await client.closed();
    expect(client.rest).toMatch(/"code":"deadline_exceeded"/);
    expect(client.rest).not.toContain("\r\n0\r\n");
  });
});
