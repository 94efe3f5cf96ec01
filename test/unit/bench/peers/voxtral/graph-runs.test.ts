import { expect, test } from "vitest";
import { type GraphRun, phaseTimes } from "../../../../../bench/peers/voxtral/graph-runs.ts";

function run(startedAt: number, endedAt: number, fedTokens: number): GraphRun {
  return { startedAt, endedAt, cpuMs: 2 * endedAt, fedTokens };
}

test("decoding begins when the last piece of the prompt was fed", () => {
  const runs = [run(10, 30, 0), run(30, 40, 3), run(40, 50, 1), run(55, 60, 1), run(61, 62, 0), run(65, 70, 1)];
  const times = phaseTimes(runs, { startedAt: 8, endedAt: 72, endCpuMs: 150, promptTokens: 4 });
  expect(times).toEqual({ promptMs: 42, decodeMs: 22, decodeCpuMs: 50, decodeRunsMs: 11 });
});

test("a prompt that was fed in part only has no times", () => {
  const runs = [run(10, 30, 0), run(30, 40, 3)];
  expect(() => phaseTimes(runs, { startedAt: 8, endedAt: 72, endCpuMs: 150, promptTokens: 4 })).toThrow(
    "3 tokens of a prompt of 4",
  );
});
