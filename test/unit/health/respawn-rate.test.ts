import fc from "fast-check";
import { expect, test } from "vitest";
import { RespawnRate } from "../../../src/health/respawn-rate.ts";

test("ends count for a minute", () => {
  const rate = new RespawnRate();
  rate.exited(1, 0);
  rate.exited(2, 30_000);
  expect([59_999, 60_000, 89_999, 90_000].map((now) => rate.perMinute(now))).toEqual([2, 1, 1, 0]);
});

test("all ends that one client's windows explain count as one, those of another as one more", () => {
  const rate = new RespawnRate();
  for (let pid = 0; pid < 20; pid += 2) {
    rate.exited(pid, 0);
    rate.exited(pid + 1, 0);
    rate.explain([pid, pid + 1], "192.0.2.1", 0);
  }
  expect(rate.perMinute(0)).toBe(1);
  rate.exited(100, 0);
  rate.explain([100], "192.0.2.2", 0);
  rate.exited(101, 0);
  expect(rate.perMinute(0)).toBe(3);
});

test("the explanation may come before the end that it explains", () => {
  const rate = new RespawnRate();
  rate.explain([7, 8], "192.0.2.1", 10);
  rate.exited(7, 11);
  rate.exited(8, 12);
  expect(rate.perMinute(12)).toBe(1);
});

test("no more than the ends of the last minute are counted, and never fewer than those that nothing explains", () => {
  const exit = fc.record({ at: fc.nat(120_000), client: fc.option(fc.constantFrom("a", "b", "c"), { nil: null }) });
  fc.assert(
    fc.property(fc.array(exit, { maxLength: 50 }), (exits) => {
      const rate = new RespawnRate();
      const ordered = exits.toSorted((one, other) => one.at - other.at);
      ordered.forEach(({ at, client }, pid) => {
        rate.exited(pid, at);
        if (client !== null) {
          rate.explain([pid], client, at);
        }
      });
      const recent = ordered.filter(({ at }) => 120_000 - at < 60_000);
      const unexplained = recent.filter(({ client }) => client === null).length;
      const clients = new Set(recent.map(({ client }) => client).filter((client) => client !== null)).size;
      expect(rate.perMinute(120_000)).toBe(unexplained + clients);
    }),
  );
});
