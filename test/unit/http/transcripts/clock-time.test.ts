import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clockTime } from "../../../../src/http/transcripts/clock-time.ts";

describe("clockTime", () => {
  it.each([
    [0, "00:00:00.000"],
    [1, "00:00:00.001"],
    [3_723_004, "01:02:03.004"],
    [59_999, "00:00:59.999"],
    [360_000_000, "100:00:00.000"],
  ])("writes %i ms as %s", (milliseconds, text) => {
    expect(clockTime(milliseconds, ".")).toBe(text);
  });

  it("takes SubRip's comma, too", () => {
    expect(clockTime(1_500, ",")).toBe("00:00:01,500");
  });

  it("loses no millisecond", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000_000), (milliseconds) => {
        const [hours = 0, minutes = 0, seconds = 0, rest = 0] = clockTime(milliseconds, ".").split(/[:.]/).map(Number);
        expect(((hours * 60 + minutes) * 60 + seconds) * 1000 + rest).toBe(milliseconds);
      }),
    );
  });
});
