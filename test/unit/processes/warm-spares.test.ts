import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import type { AudioWorker } from "../../../src/processes/audio-worker.ts";
import { type StartWorker, WarmSpares } from "../../../src/processes/warm-spares.ts";
import { FakeWorker } from "../../helpers/fake-worker.ts";

test("as many spares are started as wanted, and a taken one is replaced", () => {
  const { spares, workers } = createSpares(2);
  spares.fill();
  expect(workers).toHaveLength(2);
  expect(spares.take().worker).toBe(workers[0]);
  expect(workers).toHaveLength(3);
  expect(spares.take().worker).toBe(workers[1]);
});

test("without spares a worker is started when it is wanted", () => {
  const { spares, workers } = createSpares(0);
  spares.fill();
  expect(workers).toHaveLength(0);
  expect(spares.take().worker).toBe(workers[0]);
});

test("a spare that was ready and dies is replaced at once", async () => {
  const { spares, workers, failures } = createSpares(1);
  spares.fill();
  workers[0]?.becomeReady();
  await setImmediate();
  workers[0]?.end();
  await setImmediate();
  expect(workers).toHaveLength(2);
  expect(failures).toEqual([]);
});

test("spares that never get ready are tried again ever more slowly, and it is told why", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { spares, workers, failures } = createSpares(1);
  spares.fill();
  for (const [attempt, delayMs] of [500, 1000, 2000, 4000].entries()) {
    workers[attempt]?.fail("no library");
    await settle();
    expect(spares.problem).toBe(attempt < 2 ? null : "no library");
    expect(workers).toHaveLength(attempt + 1);
    vi.advanceTimersByTime(delayMs - 1);
    expect(workers).toHaveLength(attempt + 1);
    vi.advanceTimersByTime(1);
    expect(workers).toHaveLength(attempt + 2);
  }
  expect(failures.map(({ message }) => message)).toEqual(Array.from({ length: 4 }, () => "no library"));
  workers[4]?.becomeReady();
  await setImmediate();
  expect(spares.problem).toBeNull();
});

test("a spare that fails while a part of it lives on is ended, and another is tried", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { spares, workers, failures } = createSpares(1, (worker) => halfDead(worker));
  spares.fill();
  await settle();
  expect(failures).toHaveLength(1);
  expect(workers[0]?.wasKilled).toBe(true);
  vi.advanceTimersByTime(500);
  expect(workers).toHaveLength(2);
  expect(spares.take().worker).not.toBe(workers[0]);
});

test("spares that fail together are one failure in a row", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { spares, workers, failures } = createSpares(2);
  spares.fill();
  workers.forEach((worker) => worker.fail("no library"));
  await settle();
  vi.advanceTimersByTime(500);
  expect(workers).toHaveLength(4);
  workers.slice(2).forEach((worker) => worker.fail("no library"));
  await settle();
  expect(failures).toHaveLength(4);
  vi.advanceTimersByTime(999);
  expect(workers).toHaveLength(4);
  vi.advanceTimersByTime(1);
  expect(workers).toHaveLength(6);
});

test.each(["EMFILE", "ENFILE", "ENOSPC", "EAGAIN"])("what is short for the moment (%s) is an overload", (code) => {
  const spares = new WarmSpares({ count: 0, startWorker: () => fail(code), onFailure: () => {} });
  expect(() => spares.take()).toThrow(ServiceError);
  expect(() => spares.take()).toThrow(
    expect.objectContaining({
      code: "overloaded",
      retryAfterMs: expect.any(Number) as number,
      facts: { reason: code },
    }),
  );
});

test("any other failure to start is told as it is", () => {
  const spares = new WarmSpares({ count: 0, startWorker: () => fail("ENOENT"), onFailure: () => {} });
  expect(() => spares.take()).toThrow(expect.objectContaining({ code: "ENOENT" }));
});

test("a system that starts no process is asked again later", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let starts = 0;
  const spares = new WarmSpares({
    count: 1,
    startWorker: () => {
      starts++;
      throw new Error("EAGAIN");
    },
    onFailure: () => {},
  });
  spares.fill();
  expect(starts).toBe(1);
  vi.advanceTimersByTime(500);
  expect(starts).toBe(2);
  vi.advanceTimersByTime(1000);
  expect(spares.problem).toBe("EAGAIN");
  spares.close();
});

test("closing kills what waits, and starts nothing more", async () => {
  const { spares, workers } = createSpares(2);
  spares.fill();
  const taken = spares.take();
  spares.close();
  await setImmediate();
  expect(workers.map(({ wasKilled }) => wasKilled)).toEqual([false, true, true]);
  expect(workers).toHaveLength(3);
  taken.upload.close();
});

/** Failures become known within a turn or two. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await setImmediate();
  }
}

function fail(code: string): never {
  throw Object.assign(new Error("short"), { code });
}

/** Of two processes one has failed; the other waits for an upload, and does not end by itself. */
function halfDead(worker: FakeWorker): AudioWorker {
  const never = new Promise<never>(() => {});
  const ready = Promise.reject(new Error("no library"));
  ready.catch(() => {});
  return Object.assign(Object.create(worker) as AudioWorker, { ready, exited: never, kill: () => worker.kill() });
}

function createSpares(count: number, disguise: (worker: FakeWorker) => AudioWorker = (worker) => worker) {
  const workers: FakeWorker[] = [];
  const failures: Error[] = [];
  const startWorker: StartWorker = () => {
    const worker = new FakeWorker();
    workers.push(worker);
    return disguise(worker);
  };
  const spares = new WarmSpares({ count, startWorker, onFailure: (error) => failures.push(error as Error) });
  onTestFinished(() => spares.close());
  return { spares, workers, failures };
}
