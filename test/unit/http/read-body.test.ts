import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BodyMemory } from "../../../src/admission/body-memory.ts";
import { readBody } from "../../../src/http/read-body.ts";

const stallMs = 10_000;
const tooSlow = new Error("too slow");

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a body that stops is given up after the longest stall", async () => {
  const { body, reading } = begin();
  body.write("{");
  await vi.advanceTimersByTimeAsync(stallMs + 10);
  await expect(reading).rejects.toBe(tooSlow);
});

test("a body that trickles in below 500 bytes a second is given up too, however long it could go on", async () => {
  const { body, reading } = begin();
  for (let second = 0; second < 14; second++) {
    body.write(Buffer.alloc(100));
    await vi.advanceTimersByTimeAsync(1_000);
  }
  await expect(reading).rejects.toBe(tooSlow);
});

test("a body that keeps to the rate is read to its end, however long it takes", async () => {
  const { body, reading } = begin();
  for (let second = 0; second < 60; second++) {
    body.write(Buffer.alloc(600));
    await vi.advanceTimersByTimeAsync(1_000);
  }
  body.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(await reading).toHaveLength(36_000);
});

/** Starts to read a body that the test writes; being too slow ends it as the edge does. */
function begin(): { body: PassThrough; reading: Promise<Buffer> } {
  const body = new PassThrough();
  const controller = new AbortController();
  const limits = { maxBytes: 1_000_000, stallMs, onStall: () => controller.abort(tooSlow) };
  const reservation = new BodyMemory(1_000_000).reserve("address", 0);
  const reading = readBody(body as unknown as IncomingMessage, limits, reservation, controller.signal);
  // Whoever awaits it comes later.
  reading.catch(() => {});
  return { body, reading };
}
