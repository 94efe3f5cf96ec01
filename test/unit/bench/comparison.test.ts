import { expect, test } from "vitest";
import { interleave, ratios } from "../../../bench/comparison.ts";
import type { Contestant, PeerName } from "../../../bench/peers/contestant.ts";

/** Gives the listed speeds, one a round, and writes down its turn. */
function contestant(peer: PeerName, name: string, speeds: readonly number[], turns: string[] = []): Contestant {
  let round = 0;
  return {
    peer,
    name,
    scores: () => Promise.resolve([]),
    measure: () => {
      turns.push(name);
      return Promise.resolve({ textsPerSecond: speeds[round++] ?? 0, clientMicrosecondsPerText: 0 });
    },
  };
}

const silent = (): void => {};

test("contestants take turns, round by round", async () => {
  const turns: string[] = [];
  const all = ["a", "b", "c"].map((name) => contestant("bare", name, [1, 1], turns));
  await interleave(all, 2, silent);
  expect(turns).toEqual(["a", "b", "c", "a", "b", "c"]);
});

test("each round is compared with the peer's best setting of that round", async () => {
  const ours = contestant("ours", "ours", [100, 100, 100]);
  const threads = contestant("bare", "threads", [50, 20, 25]);
  const processes = contestant("bare", "processes", [40, 25, 50]);
  const results = await interleave([ours, threads, processes], 3, silent);
  expect(ratios(results)).toEqual([
    { peer: "bare", rounds: [2, 4, 2], median: 2, min: 2, max: 4, bestSetting: "processes" },
  ]);
});

test("a peer that was skipped has no ratio", async () => {
  const results = await interleave([contestant("ours", "ours", [100])], 1, silent);
  expect(ratios(results)).toEqual([]);
});
