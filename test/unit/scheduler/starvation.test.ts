import fc from "fast-check";
import { expect, test } from "vitest";
import { Starvation } from "../../../src/scheduler/starvation.ts";
import { FakeProcess } from "../../helpers/fake-process.ts";

test("an instance is replaced after three single windows in a row", () => {
  const starvation = new Starvation();
  const instance = process();
  expect([100, 80, 90].map((length) => starvation.ranOut(instance, length))).toEqual([false, false, true]);
});

test("a result in between begins the count anew, that of another instance does not", () => {
  const starvation = new Starvation();
  const [one, other] = [process(), process()];
  starvation.ranOut(one, 100);
  starvation.ranOut(one, 100);
  starvation.ranWell(other, 10);
  expect(starvation.ranOut(other, 100)).toBe(false);
  starvation.ranWell(one, 10);
  expect(starvation.ranOut(one, 100)).toBe(false);
});

test("a successor is not replaced for windows of like length, however many there are", () => {
  const starvation = new Starvation();
  starve(starvation, 100);
  for (let successors = 0; successors < 10; successors++) {
    const successor = process();
    starvation.ranWell(successor, 60);
    expect(Array.from({ length: 10 }, () => starvation.ranOut(successor, 51 + successors * 10))).not.toContain(true);
  }
});

test("one is when windows of half the length fail", () => {
  const starvation = new Starvation();
  starve(starvation, 100);
  expect(starve(starvation, 50)).toBe(true);
});

test("one is after a window of that length was computed", () => {
  const starvation = new Starvation();
  starve(starvation, 100);
  starvation.ranWell(process(), 100);
  expect(starve(starvation, 100)).toBe(true);
});

test("who sends nothing but what has no room ends a few instances, whatever the lengths and whatever fits between", () => {
  const windows = fc.array(fc.integer({ min: 1, max: 4096 }), { maxLength: 500 });
  fc.assert(
    fc.property(windows, fc.integer({ min: 1, max: 4096 }), (lengths, tooLarge) => {
      const starvation = new Starvation();
      let instance = process();
      let ends = 0;
      for (const length of lengths) {
        if (length < tooLarge) {
          starvation.ranWell(instance, length);
        } else if (starvation.ranOut(instance, length)) {
          ends++;
          instance = process();
        }
      }
      expect(ends).toBeLessThanOrEqual(1 + Math.floor(Math.log2(4096 / tooLarge)));
    }),
  );
});

function process() {
  return new FakeProcess().asInferenceProcess;
}

/** Whether an instance is replaced that has no memory for three windows of this length. */
function starve(starvation: Starvation, length: number): boolean {
  const instance = process();
  return [1, 2, 3].map(() => starvation.ranOut(instance, length)).includes(true);
}
