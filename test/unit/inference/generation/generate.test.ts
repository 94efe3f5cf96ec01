import { expect, test } from "vitest";
import { type GenerationOptions, generate } from "../../../../src/inference/generation/generate.ts";
import type { GenerationRules } from "../../../../src/inference/generation/generated-text.ts";
import { seededRandom } from "../../../../src/inference/generation/seeded-random.ts";
import { FakeDecoder, fakeVocabulary, sureOf } from "../../../helpers/fake-decoder.ts";

const end = 15;
const rules: GenerationRules = {
  endTokenIds: [end],
  textTokens: end + 1,
  suppressed: new Int32Array(),
  suppressedAtBegin: new Int32Array(),
  maxNewTokens: 100,
};
const options: GenerationOptions = { temperature: 0, random: seededRandom(1), stopsInLoop: true, onStep: () => {} };

test("tokens are chosen one after the other, each is fed, and the end token is none of the text", async () => {
  const decoder = saying([3, 1, 4, 1, end]);
  const generation = await generate(decoder, sureOf(3), rules, options);
  expect([...generation.tokenIds]).toEqual([3, 1, 4, 1]);
  expect(generation.ending).toBe("end-token");
  expect(decoder.fed).toEqual([3, 1, 4, 1]);
});

test("a text may be empty", async () => {
  const generation = await generate(saying([]), sureOf(end), rules, options);
  expect(generation).toMatchObject({ tokenIds: new Int32Array(), ending: "end-token" });
});

test("suppressed tokens are never chosen, those of the beginning only later", async () => {
  const decoder = new FakeDecoder((fed) => rank(fed.length === 1 ? [9, 5, 2] : [end]));
  const suppressing = { ...rules, suppressed: Int32Array.of(9), suppressedAtBegin: Int32Array.of(5, end) };
  const { tokenIds } = await generate(decoder, rank([end, 9, 5, 6]), suppressing, options);
  expect([...tokenIds]).toEqual([6, 5]);
});

test("ids above the text tokens are never chosen, however likely", async () => {
  const { tokenIds } = await generate(saying([0, end]), rank([19, 16, 0]), rules, options);
  expect([...tokenIds]).toEqual([0]);
});

test("the average log-probability counts the end token, and is lower for a model that is less sure", async () => {
  const unsure = await generate(new FakeDecoder(() => sureOf(end)), rank([]), rules, options);
  // The first of 16 equal tokens, then a certain end.
  expect(unsure.averageLogProbability).toBeCloseTo(Math.log(1 / 16) / 2, 5);
  const sure = await generate(saying([3, end]), sureOf(3), rules, options);
  expect(sure.averageLogProbability).toBeCloseTo(0, 5);
});

test("no more than `maxNewTokens` are chosen", async () => {
  const decoder = new FakeDecoder((fed) => sureOf(fed.length % 10));
  const generation = await generate(decoder, sureOf(0), { ...rules, maxNewTokens: 7 }, options);
  expect([...generation.tokenIds]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(generation.ending).toBe("limit");
  expect(decoder.fed).toHaveLength(6);
});

test("a loop is stopped early, and the text keeps its first round", async () => {
  const decoder = new FakeDecoder((fed) => sureOf(fed.length < 2 ? 5 : 3));
  const generation = await generate(decoder, sureOf(3), rules, options);
  expect(generation.ending).toBe("loop");
  // What repeats is left out.
  expect([...generation.tokenIds]).toEqual([3, 5, 3]);
});

test("a loop goes on where it is not to be stopped, and is complete when it ends by itself", async () => {
  const decoder = new FakeDecoder((fed) => sureOf(fed.length < 60 ? 3 : end));
  const generation = await generate(decoder, sureOf(3), rules, { ...options, stopsInLoop: false });
  expect(generation.ending).toBe("end-token");
  expect(generation.tokenIds).toHaveLength(60);
});

test("every token is a step, and what a step throws ends the generation", async () => {
  let steps = 0;
  const onStep = (): void => {
    steps++;
    if (steps === 3) {
      throw new Error("nobody waits");
    }
  };
  const decoder = saying([3, 1, 4, 1, end]);
  await expect(generate(decoder, sureOf(3), rules, { ...options, onStep })).rejects.toThrow("nobody waits");
  expect(decoder.fed).toEqual([3, 1]);
});

test("above temperature 0 tokens are drawn: of two equal ones both come up", async () => {
  const decoder = new FakeDecoder((fed) => (fed.length < 60 ? fourOrFive() : sureOf(end)));
  const { tokenIds } = await generate(decoder, fourOrFive(), rules, { ...options, stopsInLoop: false, temperature: 1 });
  expect(new Set(tokenIds)).toEqual(new Set([4, 5]));
});

/** A decoder that goes on with the script once its first token was fed. */
function saying(script: readonly number[]): FakeDecoder {
  return new FakeDecoder((fed) => sureOf(script[fed.length]!));
}

function fourOrFive(): Float32Array {
  const logits = new Float32Array(fakeVocabulary).fill(-1000);
  logits[4] = 0;
  logits[5] = 0;
  return logits;
}

/** Logits of a model that likes the tokens in this order, and then all others alike. */
function rank(tokenIds: readonly number[]): Float32Array {
  const logits = new Float32Array(fakeVocabulary);
  for (const [index, tokenId] of tokenIds.entries()) {
    logits[tokenId] = 60 - index;
  }
  return logits;
}
