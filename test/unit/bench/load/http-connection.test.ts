import type { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { HttpConnection } from "../../../../bench/load/http-connection.ts";
import { answer, startScriptedServer } from "./scripted-server.ts";

const request = Buffer.from("GET / HTTP/1.1\r\nhost: test\r\n\r\n");

test("an answer that arrives byte by byte is put together", async () => {
  await using server = await startScriptedServer((socket) => {
    void writeByteByByte(socket, answer("né", "HTTP/1.1 503 Busy\r\nRetry-After: 7"));
  });
  const connection = new HttpConnection(server.port);
  const { status, retryAfterSeconds, body } = await connection.send(request);
  expect({ status, retryAfterSeconds, body: body.toString("utf8") }).toEqual({
    status: 503,
    retryAfterSeconds: 7,
    body: "né",
  });
  connection.close();
});

test("a connection comes from the address that it is given", async () => {
  const addresses: (string | undefined)[] = [];
  await using server = await startScriptedServer((socket) => {
    addresses.push(socket.remoteAddress);
    socket.write(answer("ok"));
  });
  const connection = new HttpConnection(server.port, "127.0.0.2");
  await connection.send(request);
  connection.close();
  expect(addresses).toEqual(["127.0.0.2"]);
});

test("one connection carries one request after another", async () => {
  let connections = 0;
  await using server = await startScriptedServer((socket) => {
    connections = Math.max(connections, server.connectionCount());
    socket.write(answer("ok"));
  });
  const connection = new HttpConnection(server.port);
  expect((await connection.send(request)).status).toBe(200);
  expect((await connection.send(request)).retryAfterSeconds).toBeNaN();
  expect(connections).toBe(1);
  connection.close();
});

test.each(["HTTP/1.0 200 OK", "HTTP/1.1 200 OK\r\nConnection: close"])(
  "a server that closes after its answer is connected to again (%j)",
  async (head) => {
    await using server = await startScriptedServer((socket) => socket.end(answer("ok", head)));
    const connection = new HttpConnection(server.port);
    expect((await connection.send(request)).status).toBe(200);
    expect((await connection.send(request)).status).toBe(200);
    connection.close();
  },
);

test("a connection that ends in the middle of an answer fails the request, and only that one", async () => {
  let requests = 0;
  await using server = await startScriptedServer((socket) => {
    requests++;
    socket.end(requests === 1 ? answer("cut off").slice(0, -3) : answer("ok"));
  });
  const connection = new HttpConnection(server.port);
  await expect(connection.send(request)).rejects.toThrow("the server closed the connection");
  expect((await connection.send(request)).status).toBe(200);
  connection.close();
});

test("an answer whose length is not told fails the request", async () => {
  await using server = await startScriptedServer((socket) => socket.write("HTTP/1.1 200 OK\r\n\r\nhow long?"));
  const connection = new HttpConnection(server.port);
  await expect(connection.send(request)).rejects.toThrow("Content-Length");
  connection.close();
});

test("a second request does not go out while one is in flight", async () => {
  await using server = await startScriptedServer(() => {});
  const connection = new HttpConnection(server.port);
  const first = connection.send(request);
  await expect(connection.send(request)).rejects.toThrow("in flight");
  connection.close();
  await expect(first).rejects.toThrow("closed by this side");
});

test("nobody listening fails the request", async () => {
  const server = await startScriptedServer(() => {});
  await server[Symbol.asyncDispose]();
  await expect(new HttpConnection(server.port).send(request)).rejects.toThrow("ECONNREFUSED");
});

async function writeByteByByte(socket: Socket, text: string): Promise<void> {
  for (const byte of Buffer.from(text)) {
    socket.write(Buffer.of(byte));
    await setImmediate();
  }
}
