import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { repeatFor } from "../../../../bench/gpu/repeat-for.ts";

test("what is over in no time is done for as long as it is wanted", async () => {
  let done = 0;
  const { times, seconds } = await repeatFor(100, async () => {
    done++;
    await sleep(5);
  });
  expect(times).toBe(done);
  expect(times).toBeGreaterThan(1);
  expect(seconds).toBeGreaterThanOrEqual(0.1);
});

test("what takes longer is done once", async () => {
  expect((await repeatFor(10, () => sleep(30))).times).toBe(1);
});
