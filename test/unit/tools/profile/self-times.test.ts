import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { selfTimes } from "../../../../tools/profile/analysis/self-times.ts";
import type { Interval } from "../../../../tools/profile/recording/recording.ts";

interface Tree {
  readonly selfMs: number;
  readonly children: readonly Tree[];
}

const ownTime = fc.integer({ min: 1, max: 100 });
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ selfMs: ownTime, children: fc.constant([]) }),
    fc.record({ selfMs: ownTime, children: fc.array(tie("tree"), { maxLength: 4 }) }),
  ),
}));

/** Lays a tree out in time: its own time first, then its children. */
function layOut(
  { selfMs, children }: Tree,
  startMs: number,
): { all: (Interval & { selfMs: number })[]; endMs: number } {
  const inner: (Interval & { selfMs: number })[] = [];
  let endMs = startMs + selfMs;
  for (const child of children) {
    const laidOut = layOut(child, endMs);
    inner.push(...laidOut.all);
    endMs = laidOut.endMs;
  }
  return { all: [{ startMs, endMs, selfMs }, ...inner], endMs };
}

describe("selfTimes", () => {
  it("gives each interval what it took itself, whatever the order", () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 5 }), fc.infiniteStream(fc.nat()), (trees, keys) => {
        let at = 0;
        const all = trees.flatMap((each) => {
          const laidOut = layOut(each, at);
          at = laidOut.endMs;
          return laidOut.all;
        });
        const shuffled = all
          .map((interval) => ({ interval, key: keys.next().value }))
          .toSorted((one, other) => one.key - other.key)
          .map(({ interval }) => interval);
        expect(selfTimes(shuffled)).toEqual(shuffled.map(({ selfMs }) => selfMs));
      }),
    );
  });

  it("does not take a neighbour for a child", () => {
    expect(
      selfTimes([
        { startMs: 0, endMs: 10 },
        { startMs: 10, endMs: 12 },
      ]),
    ).toEqual([10, 2]);
  });
});
