import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { establishedConnections } from "../../bench/process-facts.ts";
import { ServiceProcess } from "../helpers/service-process.ts";

const slowConnections = 50;

/** Short limits, so that the drop comes within the test; how fast it comes is not judged. */
const settings = {
  server: { headersTimeoutMs: 1_000, requestTimeoutMs: 2_000, keepAliveTimeoutMs: 1_000 },
};

let service: ServiceProcess;
const open: Socket[] = [];

beforeAll(async () => {
  service = await ServiceProcess.ready({ settings });
});

afterAll(async () => {
  for (const socket of open) {
    socket.destroy();
  }
  await service[Symbol.asyncDispose]();
});

test("clients that never end their headers are answered 408 and dropped, and others are served meanwhile", async () => {
  const clients = await connectMany();
  const ends = clients.map((client) => drip(client, "POST /v1/classify HTTP/1.1\r\nHost: a\r\n", "X-Slow: 1\r\n"));
  expect((await service.classify(["Bonjour"])).status).toBe(200);
  expect(new Set(await Promise.all(ends))).toEqual(new Set(["408 request_timeout"]));
});

test("clients that send a body byte by byte are answered 408 and dropped, and others are served meanwhile", async () => {
  const clients = await connectMany();
  const head =
    "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 8192\r\n\r\n";
  const ends = clients.map((client) => drip(client, `${head}{`, " "));
  expect((await service.classify(["Bonjour"])).status).toBe(200);
  expect(new Set(await Promise.all(ends))).toEqual(new Set(["408 request_timeout"]));
});

test("clients that never read their answer are dropped as idle, and others are served meanwhile", async () => {
  const port = Number(new URL(service.url).port);
  const clients = await connectMany();
  for (const client of clients) {
    client.pause().write("GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  expect((await service.classify(["Bonjour"])).status).toBe(200);
  // The service's end of each connection: the other end does not read, so it cannot tell.
  while (establishedConnections(port) > 0) {
    await sleep(50);
  }
});

/** Opens the slow connections; they send and read nothing yet. */
async function connectMany(): Promise<Socket[]> {
  const port = Number(new URL(service.url).port);
  const clients = Array.from({ length: slowConnections }, () => connect(port, "127.0.0.1"));
  for (const client of clients) {
    // A reset is one way to be dropped.
    client.on("error", () => {});
  }
  open.push(...clients);
  await Promise.all(clients.map((client) => once(client, "connect")));
  return clients;
}

/** Sends the beginning, then the rest bit by bit until the connection ends; resolves with the status and code received. */
async function drip(client: Socket, beginning: string, bit: string): Promise<string> {
  let received = "";
  client.write(beginning);
  const timer = setInterval(() => client.write(bit), 100);
  client.on("data", (chunk) => {
    received += chunk.toString();
    // More would meet a connection that is closed, whose reset could overtake the answer.
    clearInterval(timer);
  });
  await once(client, "close");
  clearInterval(timer);
  return `${received.slice(9, 12)} ${/"code":"(\w+)"/.exec(received)?.[1] ?? ""}`;
}
