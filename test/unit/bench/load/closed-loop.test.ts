import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { runClosedLoop } from "../../../../bench/load/closed-loop.ts";
import { connectionFailed } from "../../../../bench/load/load-job.ts";
import { answer, startScriptedServer } from "./scripted-server.ts";

const requests = ["a", "b", "c"].map((path) => Buffer.from(`GET /${path} HTTP/1.1\r\n\r\n`));

function pathOf(request: string): string {
  return request.slice("GET /".length, "GET /a".length);
}

test("requests are used from the first to the last, over and over, and bodies kept in their order", async () => {
  await using server = await startScriptedServer((socket, request) => socket.write(answer(pathOf(request))));
  const job = { kind: "closed", port: server.port, connections: 2, texts: 3, keepsBodies: true } as const;
  const report = await runClosedLoop({ ...job, limit: { requests: 7 } }, requests);
  expect(report.bodies).toEqual(["a", "b", "c", "a", "b", "c", "a"]);
  expect([...report.statuses]).toEqual(Array.from({ length: 7 }, () => 200));
});

test("as many requests are in flight as there are connections, and no more", async () => {
  const waiting: Socket[] = [];
  let most = 0;
  await using server = await startScriptedServer((socket) => {
    waiting.push(socket);
    most = Math.max(most, waiting.length);
    // The first four are answered together, so that all four must be here at once.
    if (waiting.length === 4) {
      for (const each of waiting.splice(0)) {
        each.write(answer("ok"));
      }
    }
  });
  const job = { kind: "closed", port: server.port, connections: 4, texts: 3, keepsBodies: false } as const;
  const report = await runClosedLoop({ ...job, limit: { requests: 8 } }, requests);
  expect(most).toBe(4);
  expect(report.statuses).toHaveLength(8);
});

test("a failed connection is counted, and the work goes on", async () => {
  let count = 0;
  await using server = await startScriptedServer((socket) => {
    count++;
    if (count === 2) {
      socket.destroy();
    } else {
      socket.write(answer("ok", "HTTP/1.1 503 Busy\r\nretry-after: 2"));
    }
  });
  const job = { kind: "closed", port: server.port, connections: 1, texts: 3, keepsBodies: false } as const;
  const report = await runClosedLoop({ ...job, limit: { requests: 3 } }, requests);
  expect([...report.statuses]).toEqual([503, connectionFailed, 503]);
  expect([...report.retryAfterSeconds]).toEqual([2, Number.NaN, 2]);
});
