import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ServiceError } from "../../../src/errors.ts";
import { TextThread, type WorkOutcome } from "../../../src/text/text-thread.ts";

// Threads take a second to start on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const longTimeMs = 60_000;
const threads: TextThread[] = [];
afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()));
});

function startThread(fixture: string, modelFolder = "unused"): TextThread {
  const entry = new URL(`../../fixtures/text-workers/${fixture}.ts`, import.meta.url);
  const thread = new TextThread(entry, { modelFolder, windowTokens: 128, overlapTokens: 32, foldsText: false });
  threads.push(thread);
  return thread;
}

function failureOf(outcome: WorkOutcome): { failedText: number; error: ServiceError } {
  if ("results" in outcome) {
    throw new Error("the work did not fail");
  }
  return outcome;
}

test("results are in the order of the texts", async () => {
  const thread = startThread("fails-on-poison");
  await thread.ready;
  const outcome = await thread.prepare(["a", "poison", "ccc"], longTimeMs);
  expect(outcome).toMatchObject({ results: [{ tokens: 1 }, { errorName: "RangeError" }, { tokens: 3 }] });
  expect(thread.exitReason).toBeNull();
});

test("work that takes too long ends the thread and names the text that it was at", async () => {
  const thread = startThread("hangs-on-poison");
  await thread.ready;
  const { failedText, error } = failureOf(await thread.prepare(["a", "b", "poison", "d"], 500));
  expect(failedText).toBe(2);
  expect(error).toMatchObject({ code: "deadline_exceeded", facts: { timeLimitMs: 500 } });
  expect(thread.exitReason).toBe("time_limit");
});

describe("a thread that", () => {
  test.each([
    ["exits", "exits-on-poison", null],
    ["throws", "throws-on-poison", "SyntaxError"],
    ["needs too much memory", "fills-memory-on-poison", "Error"],
  ])("%s fails with the text that it was at and without its words", async (_, fixture, errorName) => {
    const thread = startThread(fixture);
    await thread.ready;
    const { failedText, error } = failureOf(await thread.prepare(["a", "poison"], longTimeMs));
    expect(failedText).toBe(1);
    expect(error).toMatchObject({ code: "internal_error", facts: { errorName } });
    expect(JSON.stringify([error.message, error.facts, error.cause])).not.toContain("poison");
    expect(thread.exitReason).toBe("crashed");
  });
});

test("a thread that cannot start tells why", async () => {
  const thread = startThread("cannot-start-without-its-folder", "/no/such/folder");
  await expect(thread.ready).rejects.toThrow("the text worker cannot start: /no/such/folder is missing");
  expect(thread.exitReason).toBe("crashed");
});

test("a thread that was ended on purpose did not crash", async () => {
  const thread = startThread("fails-on-poison");
  await thread.ready;
  await thread.terminate();
  expect(thread.exitReason).toBe("closed");
});

test("an answer that came in time counts, even when the event loop was too busy to read it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "text-thread-"));
  try {
    const thread = startThread("tells-when-it-answered", folder);
    await thread.ready;
    // From here the event loop goes on with timers, and reads messages after them.
    await setImmediate();
    const timeLimitMs = 20;
    const outcome = thread.prepare(["poison"], timeLimitMs);
    const due = performance.now() + timeLimitMs + 1;
    while (performance.now() < due || !existsSync(join(folder, "answered"))) {
      // Keeps the event loop busy until the answer is there and the timer is due.
    }
    expect(await outcome).toMatchObject({ results: [{ tokens: 1 }] });
    expect(thread.exitReason).toBeNull();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
