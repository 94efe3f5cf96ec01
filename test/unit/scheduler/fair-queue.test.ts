import fc from "fast-check";
import { expect, test } from "vitest";
import { FairQueue, type QueueEntry } from "../../../src/scheduler/fair-queue.ts";

interface Entry extends QueueEntry {
  readonly name: string;
}

test("entries of one job leave in the order in which they came", () => {
  const queue = queueOf([entry("a1", "A/x/1"), entry("a2", "A/x/1"), entry("a3", "A/x/1")]);
  expect(serveAll(queue)).toEqual(["a1", "a2", "a3"]);
});

test("addresses take turns, whoever came first", () => {
  const queue = queueOf([
    entry("a1", "A/x/1"),
    entry("a2", "A/x/1"),
    entry("a3", "A/x/1"),
    entry("b1", "B/x/2"),
    entry("b2", "B/x/2"),
  ]);
  expect(serveAll(queue)).toEqual(["a1", "b1", "a2", "b2", "a3"]);
});

test("turns are counted in tokens: who asks for long windows gets fewer of them", () => {
  const long = ["l1", "l2", "l3"].map((name) => entry(name, "L/x/1", 30));
  const short = ["s1", "s2", "s3", "s4", "s5", "s6"].map((name) => entry(name, "S/x/2", 10));
  expect(serveAll(queueOf([...long, ...short]))).toEqual(["l1", "s1", "s2", "s3", "l2", "s4", "s5", "s6", "l3"]);
});

test("clients of one address share that address's turn", () => {
  const queue = queueOf([
    entry("x1", "A/x/1"),
    entry("y1", "A/y/2"),
    entry("z1", "A/z/3"),
    entry("b1", "B/x/4"),
    entry("b2", "B/x/4"),
    entry("b3", "B/x/4"),
  ]);
  expect(serveAll(queue)).toEqual(["x1", "b1", "y1", "b2", "z1", "b3"]);
});

test("jobs of one client share that client's turn", () => {
  const queue = queueOf([
    entry("p1", "A/x/1"),
    entry("p2", "A/x/1"),
    entry("q1", "A/x/2"),
    entry("y1", "A/y/3"),
    entry("y2", "A/y/3"),
  ]);
  expect(serveAll(queue)).toEqual(["p1", "y1", "q1", "y2", "p2"]);
});

test("a client that was idle is served next and saves up no claim for later", () => {
  const queue = queueOf(numbered("a", "A/x/1", 20));
  serve(queue, 10);
  for (const each of numbered("b", "B/x/2", 5)) {
    queue.push(each);
  }
  expect(serve(queue, 4)).toEqual(["b1", "a11", "b2", "a12"]);
});

test("a client that comes back with request after request gets no more than its turn", () => {
  const queue = queueOf(numbered("a", "A/x/1", 50));
  const served: string[] = [];
  for (let visit = 1; visit <= 20; visit++) {
    queue.push(entry(`b${visit}`, `B/x/${100 + visit}`));
    served.push(...serve(queue, 2));
  }
  expect(served.filter((name) => name.startsWith("b")).length).toBe(20);
  expect(served.filter((name) => name.startsWith("a")).length).toBe(20);
});

test("whoever floods delays a newcomer by one entry at most", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 128 }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(lengths, fc.nat(), fc.integer({ min: 1, max: 128 }), (flood, seed, newcomer) => {
      const queue = queueOf(flood.map((length, index) => entry(`a${index}`, "A/x/1", length)));
      serve(queue, seed % flood.length);
      queue.push(entry("newcomer", "B/x/2", newcomer));
      expect(serveAll(queue).indexOf("newcomer")).toBeLessThanOrEqual(1);
    }),
  );
});

test("clients that always have work are never further apart than two of the longest entries", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 128 }), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(fc.array(lengths, { minLength: 2, maxLength: 5 }), (clients) => {
      const queue = new FairQueue<Entry>();
      const lengthOf = new Map<string, number>();
      for (const [client, entries] of clients.entries()) {
        for (const [index, length] of entries.entries()) {
          lengthOf.set(`${client}/${index}`, length);
          queue.push(entry(`${client}/${index}`, `${client}/x/1`, length));
        }
      }
      const used = clients.map(() => 0);
      for (const name of serve(queue, 60)) {
        const client = Number(name.split("/")[0]);
        used[client] = (used[client] ?? 0) + (lengthOf.get(name) ?? 0);
        expect(Math.max(...used) - Math.min(...used)).toBeLessThanOrEqual(2 * 128);
      }
    }),
  );
});

test("taking entries out of turn is charged to their owner", () => {
  const [a1, a2, a3] = numbered("a", "A/x/1", 3);
  const queue = queueOf([a1, a2, a3, ...numbered("b", "B/x/2", 3)].filter((each) => each !== undefined));
  for (const each of [a1, a2]) {
    if (each !== undefined) {
      queue.take(each);
    }
  }
  expect(serveAll(queue)).toEqual(["b1", "b2", "a3", "b3"]);
});

test("an entry that is removed uses up no turn", () => {
  const [a1, ...rest] = numbered("a", "A/x/1", 2);
  const queue = queueOf([a1, ...rest, ...numbered("b", "B/x/2", 2)].filter((each) => each !== undefined));
  if (a1 !== undefined) {
    queue.remove(a1);
  }
  expect(serveAll(queue)).toEqual(["a2", "b1", "b2"]);
});

test("peek takes nothing and shows the order in which entries would be served", () => {
  const step = fc.record({ owner: fc.integer({ min: 0, max: 11 }), length: fc.integer({ min: 0, max: 128 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 70 }), (steps, limit) => {
      const entries = steps.map(({ owner, length }, index) => entry(`e${index}`, pathOf(owner), length));
      const queue = queueOf(entries);
      const before = queue.peek(limit).map(({ name }) => name);
      expect(queue.peek(limit).map(({ name }) => name)).toEqual(before);
      expect(queue.size).toBe(entries.length);
      expect(serve(queue, limit)).toEqual(before);
    }),
  );
});

test("whatever is pushed, taken and removed, each entry leaves once and the counts are those of what waits", () => {
  const push = fc.record({
    do: fc.constant("push" as const),
    owner: fc.integer({ min: 0, max: 11 }),
    length: fc.integer({ min: 0, max: 128 }),
  });
  const take = fc.record({
    do: fc.constantFrom("serve" as const, "take" as const, "remove" as const),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(push, take), { maxLength: 200 }), (steps) => {
      const queue = new FairQueue<Entry>();
      const waiting = new Set<Entry>();
      for (const [index, step] of steps.entries()) {
        if (step.do === "push") {
          const pushed = entry(`e${index}`, pathOf(step.owner), step.length);
          queue.push(pushed);
          waiting.add(pushed);
        } else {
          const chosen = step.do === "serve" ? queue.peek(1)[0] : [...waiting][step.which % waiting.size];
          if (chosen !== undefined) {
            expect(waiting.delete(chosen)).toBe(true);
            queue[step.do === "remove" ? "remove" : "take"](chosen);
          }
        }
        expect(queue.size).toBe(waiting.size);
        expect(queue.waitingLength).toBe([...waiting].reduce((total, { length }) => total + length, 0));
      }
      const left = [...waiting].map(({ name }) => name);
      expect(serveAll(queue).toSorted()).toEqual(left.toSorted());
      expect(queue.size).toBe(0);
      expect(queue.waitingLength).toBe(0);
    }),
  );
});

test("taking or removing what does not wait changes nothing", () => {
  const [waiting, gone] = [entry("waiting", "A/x/1"), entry("gone", "A/x/1")];
  const queue = queueOf([waiting]);
  queue.take(gone);
  queue.remove(gone);
  queue.remove(entry("stranger", "B/y/2"));
  expect([queue.size, queue.waitingLength]).toEqual([1, 10]);
});

function entry(name: string, path: string, length = 10): Entry {
  return { name, length, path: path.split("/") };
}

function numbered(prefix: string, path: string, count: number): Entry[] {
  return Array.from({ length: count }, (_, index) => entry(`${prefix}${index + 1}`, path));
}

/** One of twelve jobs: two addresses with two clients of three jobs each. */
function pathOf(owner: number): string {
  return `address${owner % 2}/client${Math.floor(owner / 2) % 2}/job${owner}`;
}

function queueOf(entries: readonly Entry[]): FairQueue<Entry> {
  const queue = new FairQueue<Entry>();
  for (const each of entries) {
    queue.push(each);
  }
  return queue;
}

/** Serves up to `count` entries one by one, as their turn comes. */
function serve(queue: FairQueue<Entry>, count: number): string[] {
  const names: string[] = [];
  for (let served = 0; served < count; served++) {
    const next = queue.peek(1)[0];
    if (next === undefined) {
      break;
    }
    queue.take(next);
    names.push(next.name);
  }
  return names;
}

function serveAll(queue: FairQueue<Entry>): string[] {
  return serve(queue, queue.size);
}
