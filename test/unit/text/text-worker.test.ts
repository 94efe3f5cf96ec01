import { getEventListeners } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import type { TextWorkerExitReason } from "../../../src/events.ts";
import { OperatorError } from "../../../src/operator-error.ts";
import { maxSliceLength } from "../../../src/text/pending-request.ts";
import type { PreparedText } from "../../../src/text/prepared-text.ts";
import { TextWorker, type TextWorkerOptions } from "../../../src/text/text-worker.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { modelFolder, readGoldenTexts } from "./model-folder.ts";
import { contextOf } from "./request-context.ts";

// Threads take a second to start on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const workers: TextWorker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
});

function startWorker(options: Partial<TextWorkerOptions> = {}): TextWorker {
  const worker = TextWorker.start({
    threads: 1,
    modelFolder,
    windowTokens: 128,
    overlapTokens: 32,
    foldsText: false,
    timeLimitMs: () => 60_000,
    ...options,
  });
  workers.push(worker);
  return worker;
}

function startFixture(name: string, options: Partial<TextWorkerOptions> = {}): TextWorker {
  return startWorker({ entry: new URL(`../../fixtures/text-workers/${name}.ts`, import.meta.url), ...options });
}

/** The number of the thread that prepared a text; the fixtures put it into the window. */
function threadOf(prepared: readonly PreparedText[]): number | undefined {
  return prepared[0]?.windows[0]?.inputIds[0];
}

/** The numbers of all the threads that prepared them. */
function threadsOf(prepared: readonly PreparedText[] | undefined): (number | undefined)[] {
  return (prepared ?? []).map((text) => threadOf([text]));
}

describe("with the real tokenizer", () => {
  test("prepares texts in order, with the ids of the reference", async () => {
    const golden = readGoldenTexts()
      .filter(({ kind, ids }) => kind === "reference" && ids.length <= 128)
      .slice(0, 32);
    const prepared = await startWorker().prepare(
      golden.map(({ text }) => text),
      contextOf(),
    );
    expect(prepared.map(({ windows }) => windows.map(({ inputIds }) => [...inputIds]))).toEqual(
      golden.map(({ ids }) => [ids]),
    );
  });

  test("cuts long texts into windows of the given length", async () => {
    const [prepared] = await startWorker({ windowTokens: 64 }).prepare(["bonjour ".repeat(1000)], contextOf());
    expect(prepared?.tokens).toBe(1000);
    expect(Math.max(...(prepared?.windows ?? []).map(({ inputIds }) => inputIds.length))).toBe(64);
  });

  test("is ready only when the folder holds a tokenizer, and else says what is missing", async () => {
    const worker = startWorker({ modelFolder: "/no/such/folder" });
    await expect(worker.ready).rejects.toBeInstanceOf(OperatorError);
    await expect(worker.ready).rejects.toThrow("/no/such/folder");
  });

  test("no text has no results", async () => {
    await expect(startWorker().prepare([], contextOf())).resolves.toEqual([]);
  });
});

describe("a text that", () => {
  test.each([
    ["takes too long", "hangs-on-poison", "deadline_exceeded", "time_limit"],
    ["crashes the thread", "exits-on-poison", "internal_error", "crashed"],
    ["throws past the handler", "throws-on-poison", "internal_error", "crashed"],
  ])("%s fails its request alone, and the others go on in one fresh thread", async (_, fixture, code, reason) => {
    const restarts: TextWorkerExitReason[] = [];
    const worker = startFixture(fixture, { timeLimitMs: () => 1000, onRestart: (exit) => restarts.push(exit) });
    const first = threadOf(await worker.prepare(["before"], contextOf()));
    const requests = ["fine", "poison", "also fine"].map((text) => worker.prepare([text, "x"], contextOf(text)));
    const [fine, poisoned, alsoFine] = await Promise.allSettled(requests);
    expect(poisoned).toMatchObject({ status: "rejected", reason: { code } });
    expect(fine).toMatchObject({ status: "fulfilled", value: [{ tokens: 4 }, { tokens: 1 }] });
    expect(alsoFine).toMatchObject({ status: "fulfilled", value: [{ tokens: 9 }, { tokens: 1 }] });
    expect(restarts).toEqual([reason]);
    expect(threadOf(await worker.prepare(["after"], contextOf()))).not.toBe(first);
  });

  test("the tokenizer refuses fails its request and keeps the thread", async () => {
    const worker = startFixture("fails-on-poison");
    const first = threadOf(await worker.prepare(["before"], contextOf()));
    await expect(worker.prepare(["fine", "poison"], contextOf())).rejects.toMatchObject({ code: "internal_error" });
    expect(threadOf(await worker.prepare(["after"], contextOf()))).toBe(first);
  });
});

test("the time limit is asked for each message", async () => {
  const limits: number[] = [];
  const worker = startFixture("hangs-on-poison", {
    timeLimitMs: () => {
      limits.push(limits.length === 0 ? 60_000 : 50);
      return limits.at(-1) ?? 0;
    },
  });
  await worker.prepare(["fine"], contextOf());
  await expect(worker.prepare(["poison"], contextOf())).rejects.toMatchObject({ facts: { timeLimitMs: 50 } });
  expect(limits).toHaveLength(2);
});

test("a small request waits for one slice of a large one, not for all of it", async () => {
  const worker = startFixture("fails-on-poison");
  await worker.ready;
  const order: string[] = [];
  const large = worker.prepare(Array<string>(8).fill("x".repeat(maxSliceLength)), contextOf("large"));
  const small = worker.prepare(["small"], contextOf("small"));
  await Promise.all([large.then(() => order.push("large")), small.then(() => order.push("small"))]);
  expect(order).toEqual(["small", "large"]);
});

test("small requests share a message, but not with a slice that fills one", async () => {
  const worker = startFixture("exits-on-poison");
  const first = threadOf(await worker.prepare(["first"], contextOf()));
  const filling = ["poison", "x".repeat(maxSliceLength - "poison".length)];
  const requests = [["in work"], ["small"], filling].map((texts, index) =>
    worker.prepare(texts, contextOf(`${index}`)),
  );
  const [, small, large] = await Promise.allSettled(requests);
  expect(large?.status).toBe("rejected");
  expect(small?.status === "fulfilled" && threadOf(small.value)).toBe(first);
});

describe("a request that is aborted", () => {
  const reason = new ServiceError("client_closed_request", "The client went away.");

  test("before it began is refused with the reason", async () => {
    const signal = AbortSignal.abort(reason);
    await expect(startFixture("fails-on-poison").prepare(["a"], contextOf("one", signal))).rejects.toBe(reason);
  });

  test("while its text is in work fails at once, and the thread goes on to the next when the time is up", async () => {
    const worker = startFixture("hangs-on-poison", { timeLimitMs: () => 1000 });
    await worker.ready;
    const controller = new AbortController();
    const aborted = worker.prepare(["poison"], contextOf("one", controller.signal));
    const next = worker.prepare(["next"], contextOf("two"));
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(next).resolves.toMatchObject([{ tokens: 4 }]);
  });

  test("while it waits is never sent to the thread", async () => {
    const restarts: TextWorkerExitReason[] = [];
    const worker = startFixture("hangs-on-poison", {
      timeLimitMs: () => 1000,
      onRestart: (exit) => restarts.push(exit),
    });
    await worker.ready;
    const controller = new AbortController();
    const inWork = worker.prepare(["poison"], contextOf("one"));
    const waiting = worker.prepare(["poison"], contextOf("two", controller.signal));
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(inWork).rejects.toMatchObject({ code: "deadline_exceeded" });
    await worker.prepare(["next"], contextOf("two"));
    expect(restarts).toEqual(["time_limit"]);
  });

  test("while the thread starts is never sent to it", async () => {
    const restarts: TextWorkerExitReason[] = [];
    const worker = startFixture("exits-on-poison", { onRestart: (exit) => restarts.push(exit) });
    const controller = new AbortController();
    const early = worker.prepare(["poison"], contextOf("one", controller.signal));
    controller.abort(reason);
    await expect(early).rejects.toBe(reason);
    await worker.prepare(["next"], contextOf("two"));
    expect(restarts).toEqual([]);
  });

  test("or answered leaves no listener behind", async () => {
    const worker = startFixture("fails-on-poison");
    const { signal } = new AbortController();
    await worker.prepare(["a"], contextOf("one", signal));
    await expect(worker.prepare(["poison"], contextOf("one", signal))).rejects.toBeInstanceOf(ServiceError);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

test("when the thread cannot start, everybody who waits fails, and the next request tries again", async () => {
  const parent = mkdtempSync(join(tmpdir(), "text-worker-"));
  try {
    const folder = join(parent, "model");
    const worker = startFixture("cannot-start-without-its-folder", { modelFolder: folder });
    const waiting = await Promise.allSettled(
      ["one", "two"].map((address) => worker.prepare(["a"], contextOf(address))),
    );
    expect(waiting).toMatchObject([{ reason: { code: "internal_error" } }, { reason: { code: "internal_error" } }]);
    mkdirSync(folder);
    await expect(worker.prepare(["a"], contextOf())).resolves.toMatchObject([{ tokens: 1 }]);
  } finally {
    rmSync(parent, { recursive: true });
  }
});

describe("with two threads", () => {
  test("two requests are prepared at a time, and their texts come back in order", async () => {
    const worker = startFixture("fails-on-poison", { threads: 2 });
    await worker.ready;
    const texts = Array.from({ length: 6 }, (_, index) => "x".repeat(maxSliceLength - index));
    const [one, two] = await Promise.all(["one", "two"].map((address) => worker.prepare(texts, contextOf(address))));
    expect(new Set([...threadsOf(one), ...threadsOf(two)]).size).toBe(2);
    for (const prepared of [one, two]) {
      expect(prepared?.map(({ tokens }) => tokens)).toEqual(texts.map(({ length }) => length));
    }
  });

  test("a text that holds up one of them holds up nobody else, however many come", async () => {
    const worker = startFixture("hangs-on-poison", { threads: 2, timeLimitMs: () => 3000 });
    await worker.ready;
    const order: string[] = [];
    const poisoned = worker.prepare(["poison"], contextOf("poison")).catch(() => order.push("poison"));
    // Requests of one moment share a message.
    await new Promise(setImmediate);
    const others = Array.from({ length: 20 }, (_, index) =>
      worker.prepare(["fine", "x".repeat(maxSliceLength)], contextOf(`${index}`)).then(() => order.push("fine")),
    );
    await Promise.all([poisoned, ...others]);
    expect(order).toEqual([...Array<string>(20).fill("fine"), "poison"]);
  });

  test("one that dies and cannot start again leaves the work to the other, and comes back when it can", async () => {
    using folder = new TemporaryFolder();
    const ownFolder = join(folder.path, "model");
    mkdirSync(ownFolder);
    const restarts: TextWorkerExitReason[] = [];
    const worker = startFixture("cannot-start-without-its-folder", {
      threads: 2,
      modelFolder: ownFolder,
      onRestart: (exit) => restarts.push(exit),
    });
    await worker.ready;
    rmSync(ownFolder, { recursive: true });
    await expect(worker.prepare(["poison"], contextOf())).rejects.toMatchObject({ code: "internal_error" });
    for (let request = 0; request < 3; request++) {
      await expect(worker.prepare(["fine"], contextOf())).resolves.toMatchObject([{ tokens: 4 }]);
    }
    expect(restarts).toContain("crashed");
    await expect(worker.prepare(["poison"], contextOf())).rejects.toMatchObject({ code: "internal_error" });
    await expect(worker.prepare(["fine"], contextOf())).rejects.toMatchObject({ code: "internal_error" });
    mkdirSync(ownFolder);
    await expect(worker.prepare(["fine"], contextOf())).resolves.toMatchObject([{ tokens: 4 }]);
  });
});

test("closing fails what is in work, what waits and what comes later with draining", async () => {
  const worker = startFixture("hangs-on-poison");
  await worker.ready;
  const requests = ["poison", "waits"].map((text) => worker.prepare([text], contextOf(text)));
  const settled = Promise.allSettled(requests);
  await worker.close();
  expect(await settled).toMatchObject([{ reason: { code: "draining" } }, { reason: { code: "draining" } }]);
  await expect(worker.prepare(["late"], contextOf())).rejects.toMatchObject({ code: "draining" });
});
