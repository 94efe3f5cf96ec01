import fc from "fast-check";
import { expect, test } from "vitest";
import { type AnswerEvidence, judgeAnswers } from "../../../src/health/judge-answers.ts";

const now = 1_000_000;
const well: AnswerEvidence = {
  periodMs: 10_000,
  lastValidAt: now - 5_000,
  invalidAnswers: 0,
  canary: "ok",
  stalledMs: 0,
  longestStepMs: 0,
  isAsked: true,
  movedAt: now - 5_000,
};

test.each<[string, Partial<AnswerEvidence>, string]>([
  ["nothing wrong", {}, ""],
  ["no answer yet", { canary: null, lastValidAt: null }, "no answer of the model was checked yet"],
  ["nothing but invalid answers", { canary: null, lastValidAt: null, invalidAnswers: 3 }, "no valid answer"],
  ["a canary that failed, whatever clients get", { canary: "mismatch", lastValidAt: now }, "other results"],
  ["work that waits for longer than a period", { stalledMs: 10_001 }, "work has waited for 10.0 s"],
  ["work that has waited for a period", { stalledMs: 10_000 }, ""],
  ["a long step under way", { stalledMs: 60_000, longestStepMs: 60_000, movedAt: 0, lastValidAt: now - 60_000 }, ""],
  ["a step longer than it may be", { stalledMs: 60_001, longestStepMs: 60_000 }, "work has waited for 60.0 s"],
  ["one invalid answer among valid ones", { invalidAnswers: 1 }, ""],
  [
    "an invalid answer while the canary after a period is under way",
    { invalidAnswers: 1, lastValidAt: now - 18_750 },
    "",
  ],
  ["no valid answer after that", { invalidAnswers: 1, lastValidAt: now - 18_751 }, "no answer was valid for 18.8 s"],
  ["two periods of silence", { lastValidAt: now - 20_001, movedAt: 0 }, "nothing was heard"],
  ["no answer yet of a model that is not asked", { canary: null, lastValidAt: null, isAsked: false }, ""],
  [
    "two periods of silence of a model that is not asked",
    { lastValidAt: now - 20_001, movedAt: 0, isAsked: false },
    "",
  ],
  [
    "work that waits for a model that is not asked",
    { stalledMs: 10_001, isAsked: false },
    "work has waited for 10.0 s",
  ],
  ["two periods without a valid answer while others' work moves", { lastValidAt: now - 99_999, movedAt: now }, ""],
])("%s", (_, change, detail) => {
  const judgement = judgeAnswers({ ...well, ...change }, now);
  expect(judgement === "" ? "" : judgement).toContain(detail);
  expect(judgement === "").toBe(detail === "");
});

const evidence = fc.record({
  periodMs: fc.integer({ min: 100, max: 600_000 }),
  lastValidAt: fc.option(fc.integer({ min: 0, max: now }), { nil: null }),
  invalidAnswers: fc.nat(5),
  canary: fc.constantFrom(null, "ok", "mismatch", "invalid", "timeout", "crashed", "failed"),
  stalledMs: fc.nat(1_000_000),
  longestStepMs: fc.nat(600_000),
  isAsked: fc.boolean(),
  movedAt: fc.integer({ min: 0, max: now }),
}) satisfies fc.Arbitrary<AnswerEvidence>;

test("a model counts as answering only with a valid answer and without a failed canary, and not for ever", () => {
  fc.assert(
    fc.property(
      evidence.map((each) => ({ ...each, isAsked: true })),
      (each) => {
        if (judgeAnswers(each, now) === "") {
          expect(each.lastValidAt).not.toBeNull();
          expect([null, "ok"]).toContain(each.canary);
          expect(judgeAnswers(each, now + each.longestStepMs + 2 * each.periodMs + now)).not.toBe("");
        }
      },
    ),
  );
});

test("load alone makes no difference: what moves and was never answered wrongly counts, however old the last answer is", () => {
  fc.assert(
    fc.property(evidence, fc.nat(now), (each, lastValidAt) => {
      const busy = { ...each, lastValidAt, invalidAnswers: 0, canary: "ok" as const, stalledMs: 0, movedAt: now };
      expect(judgeAnswers(busy, now)).toBe("");
    }),
  );
});
