import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { inParallel } from "../../../../bench/peers/in-parallel.ts";

test("results have the order of the items, and no more of them are in hand than allowed", async () => {
  let inHand = 0;
  let most = 0;
  const results = await inParallel([3, 1, 2, 5, 4], 2, async (item) => {
    inHand++;
    most = Math.max(most, inHand);
    for (let turn = 0; turn < item; turn++) {
      await setImmediate();
    }
    inHand--;
    return item * 10;
  });
  expect(results).toEqual([30, 10, 20, 50, 40]);
  expect(most).toBe(2);
});

test("the first failure is that of all", async () => {
  await expect(inParallel([1, 2], 1, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
});
