import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Collector, type CollectorOptions } from "../../../src/health/collector.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";

test("before the first facts the minimal ones are told, then the collected ones with their age", async () => {
  const { collector, at } = collectorOf({ collect: () => Promise.resolve("all") });
  expect(collector.latest(at.now)).toEqual({ facts: "minimal", ageMs: null, problem: null });
  await collector.collect(() => at.now);
  at.now += 250;
  expect(collector.latest(at.now)).toEqual({ facts: "all", ageMs: 250, problem: null });
});

test("a failure leaves the last good facts, until they are too old; then the minimal ones are told", async () => {
  const { collector, at, failures } = collectorOf({ collect: answers("good", new Error("broken")) });
  await collector.collect(() => at.now);
  at.now += 999;
  await collector.collect(() => at.now);
  expect(collector.latest(at.now)).toEqual({ facts: "good", ageMs: 999, problem: "broken" });
  at.now += 2;
  expect(collector.latest(at.now)).toEqual({ facts: "minimal", ageMs: null, problem: "broken" });
  expect(failures).toEqual([{ collector: "gpu", problem: "broken", isNews: true }]);
});

test("failures in a row are tried ever more seldom; the first of them is news, and so is the recovery", async () => {
  let isBroken = true;
  let attempts = 0;
  const { collector, at, failures, recoveries } = collectorOf({
    collect: () => {
      attempts++;
      return isBroken ? Promise.reject(new Error("broken")) : Promise.resolve("good");
    },
  });
  for (let second = 0; second < 100; second++) {
    await collector.collect(() => at.now);
    at.now += 1_000;
  }
  // Three at once, then after 10, 20 and 40 s.
  expect(attempts).toBe(6);
  expect(failures.map(({ isNews }) => isNews)).toEqual([true, false, false, false, false, false]);
  isBroken = false;
  at.now += 600_000;
  await collector.collect(() => at.now);
  expect(recoveries).toEqual([{ collector: "gpu" }]);
  expect(collector.latest(at.now)).toMatchObject({ facts: "good", problem: null });
});

test("what readiness depends on can be tried more often", async () => {
  let attempts = 0;
  const { collector, at } = collectorOf({
    longestBackoffMs: () => 1_500,
    collect: () => {
      attempts++;
      return Promise.reject(new Error("broken"));
    },
  });
  for (let second = 0; second < 20; second++) {
    await collector.collect(() => at.now);
    at.now += 1_000;
  }
  // Three at once, then every other second.
  expect(attempts).toBe(11);
});

test("an attempt without an answer ends at its time limit, and no second one starts while it hangs", async () => {
  const hanging = Promise.withResolvers<string>();
  let attempts = 0;
  const { collector, at } = collectorOf({
    timeoutMs: () => 10,
    collect: () => {
      attempts++;
      return hanging.promise;
    },
  });
  await collector.collect(() => at.now);
  expect(collector.latest(at.now).problem).toBe("no answer within 10 ms");
  await collector.collect(() => at.now);
  expect(collector.latest(at.now).problem).toBe("the last attempt has not come to an end yet");
  expect(attempts).toBe(1);
  hanging.resolve("late");
  await sleep(0);
  await collector.collect(() => at.now);
  expect(attempts).toBe(2);
  expect(collector.latest(at.now)).toMatchObject({ facts: "late", problem: null });
});

test("a second call while an attempt is under way waits for nothing and starts nothing", async () => {
  const slow = Promise.withResolvers<string>();
  let attempts = 0;
  const { collector, at } = collectorOf({
    collect: () => {
      attempts++;
      return slow.promise;
    },
  });
  const first = collector.collect(() => at.now);
  await collector.collect(() => at.now);
  expect(attempts).toBe(1);
  slow.resolve("good");
  await first;
  expect(collector.latest(at.now).facts).toBe("good");
});

test("what throws before it returns a promise is a failure like any other", async () => {
  let isBroken = true;
  const { collector, at } = collectorOf({
    timeoutMs: () => 20,
    collect: () => {
      if (isBroken) {
        throw new Error("at once");
      }
      return Promise.resolve("good");
    },
  });
  await collector.collect(() => at.now);
  expect(collector.latest(at.now).problem).toBe("at once");
  // Longer than its limit, which must have ended with the attempt.
  await sleep(60);
  isBroken = false;
  await collector.collect(() => at.now);
  expect(collector.latest(at.now)).toMatchObject({ facts: "good", problem: null });
});

function collectorOf(changes: Partial<CollectorOptions<string>> & Pick<CollectorOptions<string>, "collect">) {
  const events = strictEventBus();
  const at = { now: 5_000 };
  const collector = new Collector<string>({
    name: "gpu",
    minimal: () => "minimal",
    timeoutMs: () => 5_000,
    keepMs: () => 1_000,
    events,
    ...changes,
  });
  return {
    collector,
    at,
    failures: collectEvents(events, "collector_failed"),
    recoveries: collectEvents(events, "collector_recovered"),
  };
}

/** One after another; the last one again and again. */
function answers(...each: readonly (string | Error)[]): () => Promise<string> {
  let next = 0;
  return () => {
    const answer = each[Math.min(next++, each.length - 1)] ?? "";
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
}
