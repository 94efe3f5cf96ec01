import fc from "fast-check";
import { expect, test } from "vitest";
import { hasRoom } from "../../../src/scheduler/queue-admission.ts";

interface Waiting {
  readonly address: string;
  readonly client: string;
  readonly amount: number;
}

const anyLimit = fc.integer({ min: 1, max: 400 });

test("an empty queue has room, however small it is", () => {
  expect(hasRoom({ limit: 1, total: 0, address: 0, client: 0 })).toBe(true);
});

test("a full queue has room for nobody", () => {
  expect(hasRoom({ limit: 10, total: 10, address: 0, client: 0 })).toBe(false);
  expect(hasRoom({ limit: 10, total: 12, address: 0, client: 0 })).toBe(false);
});

test("one client that floods gets half of the queue", () => {
  fc.assert(
    fc.property(anyLimit, (limit) => {
      expect(admitted(limit, () => ({ address: "A", client: "x", amount: 1 }))).toBe(Math.ceil(limit / 2));
    }),
  );
});

test("an address that invents a client id for each job gets two thirds of the queue", () => {
  fc.assert(
    fc.property(anyLimit, (limit) => {
      const count = admitted(limit, (index) => ({ address: "A", client: `client ${index}`, amount: 1 }));
      expect(count).toBe(Math.ceil((2 * limit) / 3));
    }),
  );
});

test("after any flood from one address there is room for a client of another", () => {
  const job = fc.record({ client: fc.constantFrom("x", "y", "z"), amount: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(fc.integer({ min: 61, max: 2000 }), fc.array(job, { minLength: 1, maxLength: 400 }), (limit, jobs) => {
      const waiting: Waiting[] = [];
      for (const { client, amount } of jobs) {
        offer(waiting, limit, { address: "A", client, amount });
      }
      expect(offer(waiting, limit, { address: "B", client: "x", amount: 1 })).toBe(true);
    }),
  );
});

test("whoever comes, the limit is passed by one job at most", () => {
  const job = fc.record({
    address: fc.constantFrom("A", "B", "C", "D"),
    client: fc.constantFrom("x", "y", "z"),
    amount: fc.integer({ min: 1, max: 100 }),
  });
  fc.assert(
    fc.property(anyLimit, fc.array(job, { maxLength: 300 }), (limit, jobs) => {
      const waiting: Waiting[] = [];
      for (const each of jobs) {
        offer(waiting, limit, each);
        expect(sum(waiting)).toBeLessThan(limit + 100);
      }
    }),
  );
});

/** How many of a flood of equal jobs wait in the end. */
function admitted(limit: number, job: (index: number) => Waiting): number {
  const waiting: Waiting[] = [];
  for (let index = 0; index < limit + 10; index++) {
    offer(waiting, limit, job(index));
  }
  return waiting.length;
}

function offer(waiting: Waiting[], limit: number, job: Waiting): boolean {
  const sameAddress = waiting.filter(({ address }) => address === job.address);
  const sameClient = sameAddress.filter(({ client }) => client === job.client);
  const isAdmitted = hasRoom({ limit, total: sum(waiting), address: sum(sameAddress), client: sum(sameClient) });
  if (isAdmitted) {
    waiting.push(job);
  }
  return isAdmitted;
}

function sum(waiting: readonly Waiting[]): number {
  return waiting.reduce((total, { amount }) => total + amount, 0);
}
