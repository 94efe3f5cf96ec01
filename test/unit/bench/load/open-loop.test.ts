import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { connectionFailed, hung } from "../../../../bench/load/load-job.ts";
import { runOpenLoop } from "../../../../bench/load/open-loop.ts";
import { answer, startScriptedServer } from "./scripted-server.ts";

const requests = [Buffer.from("GET / HTTP/1.1\r\n\r\n")];
/** 19 arrivals, 10 ms apart. */
const load = { kind: "open", arrivals: "constant", requestsPerSecond: 100, seconds: 0.2 } as const;

test("requests are sent whether or not earlier ones were answered", async () => {
  const waiting: Socket[] = [];
  await using server = await startScriptedServer((socket) => {
    waiting.push(socket);
    if (waiting.length === 19) {
      for (const each of waiting) {
        each.write(answer("ok"));
      }
    }
  });
  const report = await runOpenLoop({ ...load, port: server.port, graceSeconds: 30 }, requests);
  expect([...report.statuses]).toEqual(Array.from({ length: 19 }, () => 200));
  // The answers came after the last arrival, and latency counts from each one's own.
  expect(report.latenciesMs[0]).toBeGreaterThanOrEqual(180);
});

test("what is not answered within the grace counts as hung, what is cut off as failed", async () => {
  let count = 0;
  await using server = await startScriptedServer((socket) => {
    count++;
    if (count === 2) {
      socket.destroy();
    } else if (count !== 1) {
      socket.write(answer("ok"));
    }
  });
  const report = await runOpenLoop({ ...load, port: server.port, graceSeconds: 1 }, requests);
  expect(report.statuses.filter((status) => status === hung)).toHaveLength(1);
  expect(report.statuses.filter((status) => status === connectionFailed)).toHaveLength(1);
  expect(report.statuses.filter((status) => status === 200)).toHaveLength(17);
  expect(report.latenciesMs[0]).toBeNaN();
});
