import { describe, expect, test } from "vitest";
import { type DecodeRow, type Decoder, decodeRows, decodeTable, type Turn } from "../../../../bench/gpu/decode-rows.ts";

const ours: Decoder = { name: "ours", form: "q4f16", isPeer: false };
const slowPeer: Decoder = { name: "slow peer", form: "fp16", isPeer: true };
const fastPeer: Decoder = { name: "fast peer", form: "fp16", isPeer: true };

const limit = { bytesPerStep: 1e9, msPerStep: 5, tokensPerSecond: 800 };

/** Five tokens after the first, which takes 100 ms. */
function turn(msPerStep: number, changes: Partial<Turn["whole"]> = {}): Turn {
  const tokenIds = [7, 8, 9, 10, 11, 12];
  const logProbabilities = tokenIds.map(() => -0.5);
  return {
    first: { ms: 100, tokenIds: [7], logProbabilities: [-0.5] },
    whole: { ms: 100 + 5 * msPerStep, tokenIds, logProbabilities, ...changes },
  };
}

function rowsOf(contestants: readonly Decoder[], turns: readonly (readonly Turn[])[], batch = 4): DecodeRow[] {
  return decodeRows(contestants, turns, { batch, limitOf: () => limit });
}

test("tokens after the first count, of all texts together", () => {
  const [row] = rowsOf([ours], [[turn(10), turn(20), turn(40)]]);
  expect(row?.tokensPerSecond).toEqual({ median: 200, min: 100, max: 400 });
  expect(row?.firstTokenSeconds.median).toBe(0.1);
  expect(row?.msPerStep).toBe(20);
  expect(row?.besidesBandwidth).toBe(3);
  expect(row?.ratio).toBeNull();
  expect(row?.problems).toEqual([]);
});

test("each round is compared with the fastest peer of that round", () => {
  const rows = rowsOf(
    [ours, slowPeer, fastPeer],
    [
      [turn(10), turn(10)],
      [turn(40), turn(20)],
      [turn(20), turn(80)],
    ],
  );
  expect(rows[0]?.ratio).toEqual({ median: 2, min: 2, max: 2 });
  expect(rows.slice(1).map(({ ratio }) => ratio)).toEqual([null, null]);
});

test("the limit is asked for with the form that is read and the tokens that were given", () => {
  const asked: unknown[] = [];
  const limitOf = (...given: unknown[]) => {
    asked.push(given);
    return limit;
  };
  decodeRows([ours, slowPeer], [[turn(10)], [turn(10, { tokenIds: [7, 8] })]], { batch: 1, limitOf });
  expect(asked).toEqual([
    ["q4f16", 6],
    ["fp16", 2],
  ]);
});

describe("figures that are worth nothing are named", () => {
  test.each([
    ["fewer than two tokens", { tokenIds: [7] }],
    ["no numbers", { logProbabilities: [null, -1] }],
    ["longer than a whole text", { ms: 90 }],
  ])("%s", (problem, changes) => {
    const [row] = rowsOf([ours], [[turn(10), turn(10, changes)]]);
    expect(row?.problems).toEqual([expect.stringContaining(problem)]);
  });

  test("two ways of ours that begin otherwise", () => {
    const other = turn(10, { tokenIds: [8, 8, 9] });
    const rows = rowsOf([ours, { ...ours, name: "other way" }, slowPeer], [[turn(10)], [other], [other]]);
    expect(rows.map(({ problems }) => problems.length)).toEqual([0, 1, 0]);
  });
});

test("the table shows the share of the limit and what a step costs besides it", () => {
  const { columns, rows } = decodeTable("H", rowsOf([ours, slowPeer], [[turn(10)], [turn(20)]]));
  const cell = (row: number, column: string): string | undefined => rows[row]?.[columns.indexOf(column)];
  expect(cell(0, "of the limit")).toBe("50.0 %");
  expect(cell(0, "step besides bandwidth")).toBe("1.00 limits");
  expect(cell(0, "÷ transformers")).toBe("2.00");
  expect(cell(1, "÷ transformers")).toBe("–");
});
