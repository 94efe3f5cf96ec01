import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stageTimes } from "../../../../tools/profile/analysis/stage-times.ts";
import type { StageRecord } from "../../../../tools/profile/recording/recording.ts";

function stage(name: StageRecord["stage"], startMs: number, endMs: number): StageRecord {
  return { requestId: "request-1", stage: name, windows: 1, startMs, endMs };
}

const request = { startMs: 100, endMs: 200 };

describe("stageTimes", () => {
  it("divides a request whose stages follow one another", () => {
    const stages = [stage("preprocess", 105, 115), stage("queue", 116, 120), stage("inference", 120, 190)];
    expect(stageTimes(request, stages)).toEqual({
      receive: 5,
      preprocess: 10,
      queue: 4,
      inference: 70,
      postprocess: 10,
      other: 1,
    });
  });

  it("counts stages of several windows that overlap once, for the one nearest to the answer", () => {
    const stages = [
      stage("preprocess", 100, 160),
      stage("queue", 120, 130),
      stage("inference", 130, 170),
      stage("queue", 125, 150),
      stage("inference", 150, 180),
    ];
    expect(stageTimes(request, stages)).toEqual({
      receive: 0,
      preprocess: 20,
      queue: 10,
      inference: 50,
      postprocess: 20,
      other: 0,
    });
  });

  it("leaves no time of a request out and counts none twice", () => {
    const anyStage = fc
      .tuple(fc.constantFrom("preprocess", "queue", "inference"), fc.integer({ min: 50, max: 250 }), fc.nat(80))
      .map(([name, startMs, durationMs]) => stage(name, startMs, startMs + durationMs));
    fc.assert(
      fc.property(fc.array(anyStage, { maxLength: 8 }), (stages) => {
        const times = Object.values(stageTimes(request, stages));
        expect(times.every((each) => each >= 0)).toBe(true);
        expect(times.reduce((total, each) => total + each, 0)).toBe(100);
      }),
    );
  });

  it("counts a request without stages as received", () => {
    expect(stageTimes(request, [])).toMatchObject({ receive: 100, postprocess: 0 });
  });
});
