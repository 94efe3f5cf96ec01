import { describe, expect, it } from "vitest";
import { maxLargestBodies } from "../../../src/admission/body-memory.ts";
import { fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody, classifyBytes, FakeClient } from "../../helpers/fake-client.ts";

const limit = 1_024;
const chunkedHead =
  "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

function headFrom(address: string): string {
  return `POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-Forwarded-For: ${address}\r\n`;
}

function padded(size: number): string {
  const json = JSON.stringify(classifyBody());
  return json + " ".repeat(size - json.length);
}

describe("a body at the limit", () => {
  it("is accepted, however it is sent", async () => {
    await using fake = await fakeApp({ server: { bodyLimitBytes: limit } });
    using client = await FakeClient.connect(await fake.listen());
    expect((await client.send(classifyBytes(padded(limit))).response()).status).toBe(200);
    client.send(`${chunkedHead}${limit.toString(16)}\r\n${padded(limit)}\r\n0\r\n\r\n`);
    expect((await client.response()).status).toBe(200);
  });

  it("arrives whole when it comes in many pieces", async () => {
    await using fake = await fakeApp();
    using client = await FakeClient.connect(await fake.listen());
    client.send(chunkedHead);
    for (const byte of Buffer.from(JSON.stringify(classifyBody("é👍")))) {
      client.send(Buffer.concat([Buffer.from("1\r\n"), Buffer.of(byte), Buffer.from("\r\n")]));
    }
    client.send("0\r\n\r\n");
    expect((await client.response()).status).toBe(200);
    expect(fake.finished[0]?.inputLength).toBe(2);
  });
});

describe("a body beyond the limit", () => {
  it("is refused by its header before a byte of it is read, and no 100 Continue asks for it", async () => {
    await using fake = await fakeApp({ server: { bodyLimitBytes: limit } });
    using client = await FakeClient.connect(await fake.listen());
    const bytes = classifyBytes(padded(limit + 1), ["Expect: 100-continue"]);
    const response = await client.send(bytes.slice(0, bytes.indexOf("\r\n\r\n") + 4)).response();
    expect(response.status).toBe(413);
    expect(response.headers.get("connection")).toBe("close");
    expect(JSON.parse(response.body)).toMatchObject({
      error: { code: "payload_too_large", message: "The body must have at most 1024 bytes, received 1025." },
    });
    await client.closed();
  });

  it("is refused by count when no header says its size", async () => {
    await using fake = await fakeApp({ server: { bodyLimitBytes: limit } });
    using client = await FakeClient.connect(await fake.listen());
    client.send(`${chunkedHead}${(limit + 1).toString(16)}\r\n${padded(limit + 1)}\r\n`);
    const response = await client.response();
    expect(response.status).toBe(413);
    expect(response.headers.get("connection")).toBe("close");
    client.send("0\r\n\r\n");
    await client.closed();
    expect(fake.finished).toMatchObject([{ statusCode: 413, code: "payload_too_large" }]);
  });

  it("is read on for a while, so that a client which sends before it reads still gets the answer", async () => {
    await using fake = await fakeApp({ server: { bodyLimitBytes: limit } });
    using client = await FakeClient.connect(await fake.listen());
    const size = 600_000;
    client.send(
      `POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\n\r\n`,
    );
    client.socket.pause();
    for (let sent = 0; sent < size; sent += 60_000) {
      await new Promise((resolve) => client.socket.write(Buffer.alloc(60_000), resolve));
    }
    client.socket.resume();
    expect((await client.response()).status).toBe(413);
    await client.closed();
  });

  it("closes the connection in the end when the client never stops", async () => {
    await using fake = await fakeApp({ server: { bodyLimitBytes: limit } });
    using client = await FakeClient.connect(await fake.listen());
    client.send(chunkedHead);
    const sending = setInterval(() => client.send(`10000\r\n${"x".repeat(65_536)}\r\n`), 1);
    expect((await client.response()).status).toBe(413);
    await client.closed();
    clearInterval(sending);
    expect(fake.finished).toHaveLength(1);
  });
});

describe("the memory for bodies", () => {
  it("refuses what it has no room for: announced bodies before they are asked for, others as they arrive", async () => {
    await using fake = await fakeApp({ server: { bodyLimitBytes: limit, trustProxy: true } });
    const port = await fake.listen();
    using silent = new DisposableStack();
    for (let body = 0; body < maxLargestBodies; body++) {
      const client = silent.use(await FakeClient.connect(port));
      client.send(`${headFrom(`192.0.2.${body}`)}Content-Length: ${limit}\r\n\r\n`);
    }
    await expect.poll(() => fake.received.length).toBe(maxLargestBodies);
    using announced = await FakeClient.connect(port);
    announced.send(`${headFrom("198.51.100.1")}Content-Length: ${limit}\r\nExpect: 100-continue\r\n\r\n`);
    expect((await announced.response()).status).toBe(503);
    using chunked = await FakeClient.connect(port);
    chunked.send(`${headFrom("198.51.100.1")}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`);
    expect((await chunked.response()).status).toBe(503);
    expect(fake.finished).toMatchObject([{ code: "overloaded" }, { code: "overloaded" }]);
    silent.dispose();
    await expect.poll(() => fake.finished.length).toBe(maxLargestBodies + 2);
    using next = await FakeClient.connect(port);
    expect((await next.send(classifyBytes(padded(limit))).response()).status).toBe(200);
  });
});

describe("Expect: 100-continue", () => {
  it("gets its 100 Continue, then the answer", async () => {
    await using fake = await fakeApp();
    using client = await FakeClient.connect(await fake.listen());
    const bytes = classifyBytes(classifyBody(), ["Expect: 100-continue"]);
    const head = bytes.slice(0, bytes.indexOf("\r\n\r\n") + 4);
    expect((await client.send(head).response()).status).toBe(100);
    expect((await client.send(bytes.slice(head.length)).response()).status).toBe(200);
  });

  it("is the only expectation that is known; others are ignored", async () => {
    await using fake = await fakeApp();
    using client = await FakeClient.connect(await fake.listen());
    expect((await client.send(classifyBytes(classifyBody(), ["Expect: wonders"])).response()).status).toBe(200);
  });
});
