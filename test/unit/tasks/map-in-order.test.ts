import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mapInOrder } from "../../../src/tasks/map-in-order.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const noSignal = new AbortController().signal;

test("results come in the order of the items, whichever is ready first, and never too many are worked on", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.nat(12), fc.integer({ min: 1, max: 5 }), async (scheduler, count, limit) => {
      let atWork = 0;
      let most = 0;
      const work = async (item: number): Promise<number> => {
        atWork++;
        most = Math.max(most, atWork);
        await scheduler.schedule(Promise.resolve(), `work on ${item}`);
        atWork--;
        return item * 10;
      };
      const items = Array.from({ length: count }, (_, index) => index);
      const results = collect(mapInOrder(fromArray(items), { atOnce: () => limit, signal: noSignal }, work));
      await scheduler.waitFor(results);
      expect(await results).toEqual(items.map((item) => item * 10));
      expect(most).toBe(Math.min(limit, count));
    }),
    { numRuns: 50 },
  );
});

test("a result is told as soon as it is known, even while the next item has not come", async () => {
  const items = new Source<string>();
  const results = mapInOrder(items, { atOnce: () => 2, signal: noSignal }, (item) => Promise.resolve(`${item}!`));
  const first = results.next();
  items.push("a");
  expect(await first).toEqual({ done: false, value: "a!" });
});

test("items are taken only while there is room and somebody reads", async () => {
  const items = new Source<number>();
  [1, 2, 3, 4, 5].forEach((item) => items.push(item));
  const results = mapInOrder(items, { atOnce: () => 2, signal: noSignal }, (item) => Promise.resolve(item));
  await setImmediate();
  expect(items.taken).toBe(0);
  await results.next();
  await setImmediate();
  expect(items.taken).toBeLessThanOrEqual(2);
});

test("room that grows is used from the next item on", async () => {
  let room = 1;
  const begun: number[] = [];
  const gate = Promise.withResolvers<void>();
  const items = new Source<number>();
  [0, 1, 2, 3].forEach((item) => items.push(item));
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await (item === 0 ? undefined : gate.promise);
  };
  const results = mapInOrder(items, { atOnce: () => room, signal: noSignal }, work);
  const first = results.next();
  await setImmediate();
  expect(begun).toEqual([0]);
  await first;
  room = 3;
  void results.next();
  await setImmediate();
  expect(begun).toEqual([0, 1, 2, 3]);
  gate.resolve();
});

test("the first failure in order ends it, after the results before it", async () => {
  const failure = new Error("the second fails");
  const work = (item: number): Promise<number> => (item === 1 ? Promise.reject(failure) : Promise.resolve(item));
  const results = mapInOrder(fromArray([0, 1, 2]), { atOnce: () => 3, signal: noSignal }, work);
  expect(await results.next()).toEqual({ done: false, value: 0 });
  await expect(results.next()).rejects.toBe(failure);
  expect(await results.next()).toEqual({ done: true, value: undefined });
});

test("a failure of the source ends it, even while a result is being waited for", async () => {
  const failure = new Error("the source fails");
  const items = new Source<number>();
  const never = new Promise<never>(() => {});
  const results = mapInOrder(items, { atOnce: () => 2, signal: noSignal }, () => never);
  const first = results.next();
  items.push(1);
  await setImmediate();
  items.fail(failure);
  await expect(first).rejects.toBe(failure);
});

test("an abort ends it with its reason, whatever it waits for", async () => {
  const controller = new AbortController();
  const reason = new Error("the client went away");
  const results = mapInOrder(new Source(), { atOnce: () => 1, signal: controller.signal }, () => Promise.resolve());
  const first = results.next();
  controller.abort(reason);
  await expect(first).rejects.toBe(reason);
  const late = mapInOrder(fromArray([1]), { atOnce: () => 1, signal: controller.signal }, () => Promise.resolve());
  await expect(late.next()).rejects.toBe(reason);
});

test("who stops reading ends the source too", async () => {
  const items = new Source<number>();
  items.push(1);
  const results = mapInOrder(items, { atOnce: () => 1, signal: noSignal }, (item) => Promise.resolve(item));
  for await (const result of results) {
    expect(result).toBe(1);
    break;
  }
  expect(items.isReturned).toBe(true);
});

test("items and results that were read are held no longer", async () => {
  const seen: WeakRef<object>[] = [];
  const items = {
    async *[Symbol.asyncIterator]() {
      for (let index = 0; index < 20; index++) {
        const item = { index };
        seen.push(new WeakRef(item));
        yield item;
        await setImmediate();
      }
    },
  };
  const results = mapInOrder(items, { atOnce: () => 2, signal: noSignal }, async ({ index }) => {
    await setImmediate();
    const result = { index };
    seen.push(new WeakRef(result));
    return result;
  });
  for (let index = 0; index < 15; index++) {
    await results.next();
  }
  collectGarbage();
  const held = seen.filter((reference) => reference.deref() !== undefined);
  // At work, on its way, and read last.
  expect(held.length).toBeLessThanOrEqual(6);
});

async function* fromArray<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) {
    collected.push(item);
  }
  return collected;
}

/** A source whose items come when the test says so, and that never ends. */
class Source<Item> implements AsyncIterableIterator<Item> {
  taken = 0;
  isReturned = false;
  readonly #items: Item[] = [];
  #waiting: PromiseWithResolvers<IteratorResult<Item>> | null = null;

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#serve();
  }

  fail(error: Error): void {
    this.#waiting?.reject(error);
  }

  next(): Promise<IteratorResult<Item>> {
    this.taken++;
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#serve();
    return promise;
  }

  return(): Promise<IteratorResult<Item>> {
    this.isReturned = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  #serve(): void {
    if (this.#waiting !== null && this.#items.length > 0) {
      this.#waiting.resolve({ done: false, value: this.#items.shift() as Item });
      this.#waiting = null;
    }
  }
}
