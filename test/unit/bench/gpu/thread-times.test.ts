import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { busyShares, serviceTimes } from "../../../../bench/gpu/thread-times.ts";

test("the share of a part is that of its busiest thread, of those that lived all the time", () => {
  const before = new Map([
    [1, { part: "eventLoop" as const, seconds: 4 }],
    [2, { part: "textThread" as const, seconds: 1 }],
    [3, { part: "textThread" as const, seconds: 1 }],
  ]);
  const after = new Map([
    [1, { part: "eventLoop" as const, seconds: 5 }],
    [2, { part: "textThread" as const, seconds: 2.5 }],
    [3, { part: "textThread" as const, seconds: 1.5 }],
    [4, { part: "inferenceProcess" as const, seconds: 2 }],
  ]);
  expect(busyShares(before, after, 2)).toEqual({ eventLoop: 0.5, textThread: 0.75 });
});

test("a thread that the text worker names is told from the event loop and from all others", async () => {
  const spins = "require('node:worker_threads').parentPort.once('message', () => { for (;;) {} });";
  const worker = new Worker(spins, { eval: true, name: "text" });
  try {
    await new Promise((resolve) => worker.once("online", resolve));
    const service = { pid: process.pid, inferencePids: () => [] };
    const before = serviceTimes(service);
    expect(new Set([...before.values()].map(({ part }) => part))).toEqual(new Set(["eventLoop", "textThread"]));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    worker.postMessage("");
    await expect
      .poll(() => busyShares(before, serviceTimes(service), 1).textThread ?? 0, { timeout: 15_000 })
      .toBeGreaterThan(0.05);
  } finally {
    await worker.terminate();
  }
});
