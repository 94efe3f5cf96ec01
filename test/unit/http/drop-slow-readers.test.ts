import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { dropSlowReaders } from "../../../src/http/drop-slow-readers.ts";

/** More than the kernel keeps for both ends. */
const body = Buffer.alloc(64_000_000);

test("a client that takes nothing of a large answer is given up", { timeout: 60_000 }, async () => {
  const { client, ended } = await ask(200);
  client.pause();
  expect(await ended).toBe("given up");
});

test("a client that reads gets all of it", { timeout: 60_000 }, async () => {
  const { client } = await ask(30_000);
  let received = 0;
  for await (const piece of client as AsyncIterable<Buffer>) {
    received += piece.length;
    if (received > body.length) {
      break;
    }
  }
  expect(received).toBeGreaterThan(body.length);
});

/** Asks a server with this limit for the body. */
async function ask(limitMs: number): Promise<{ client: Socket; ended: Promise<string> }> {
  const server = createServer((_request, response) => response.end(body));
  dropSlowReaders(server, limitMs);
  const ended = new Promise<string>((resolve) => {
    server.on("connection", (socket) => socket.once("close", () => resolve("given up")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  onTestFinished(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return { client, ended };
}
