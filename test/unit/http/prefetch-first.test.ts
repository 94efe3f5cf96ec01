import { describe, expect, it } from "vitest";
import { prefetchFirst } from "../../../src/http/prefetch-first.ts";

async function* count(log: string[]): AsyncGenerator<number> {
  try {
    for (let number = 1; number <= 3; number++) {
      log.push(`make ${number}`);
      yield number;
    }
  } finally {
    log.push("end");
  }
}

describe("prefetchFirst", () => {
  it("asks for the first item before anybody reads, and for no other", async () => {
    const log: string[] = [];
    const items = prefetchFirst(count(log));
    await Promise.resolve();
    expect(log).toEqual(["make 1"]);
    const read: number[] = [];
    for await (const item of items) {
      read.push(item);
    }
    expect(read).toEqual([1, 2, 3]);
    expect(log).toEqual(["make 1", "make 2", "make 3", "end"]);
  });

  it("ends its source when its reader does", async () => {
    const log: string[] = [];
    for await (const item of prefetchFirst(count(log))) {
      expect(item).toBe(1);
      break;
    }
    expect(log).toEqual(["make 1", "end"]);
  });

  it("keeps a failure for its reader", async () => {
    const failure = new Error("broken");
    const items = prefetchFirst({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure) }) });
    await new Promise((resolve) => setImmediate(resolve));
    await expect(items[Symbol.asyncIterator]().next()).rejects.toBe(failure);
  });
});
