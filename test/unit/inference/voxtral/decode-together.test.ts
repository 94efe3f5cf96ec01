import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GeneratedText, type GenerationRules } from "../../../../src/inference/generation/generated-text.ts";
import { seededRandom } from "../../../../src/inference/generation/seeded-random.ts";
import { decodeTogether } from "../../../../src/inference/voxtral/decode-together.ts";
import { FakeTextDecoder } from "../../../helpers/fake-text-decoder.ts";

const end = 2;
const rules: GenerationRules = {
  endTokenIds: [end],
  textTokens: 20,
  suppressed: new Int32Array(),
  suppressedAtBegin: new Int32Array(),
  maxNewTokens: 60,
};
/** No text of its own has 24 equal tokens in a row: that would be a loop. */
const script = fc.array(fc.integer({ min: 3, max: 19 }), { minLength: 1, maxLength: 40 }).map((text) => [...text, end]);

describe.each([
  { kind: "step by step", isFused: false },
  { kind: "in runs that go on by themselves", isFused: true },
])("$kind", ({ isFused }) => {
  test("every sequence says all of its own text, whoever is beside it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(script, { minLength: 1, maxLength: 7 }), async (scripts) => {
        const { texts } = await decode(scripts, isFused);
        expect(texts.map((text) => [...text.result().tokenIds])).toEqual(scripts.map((each) => each.slice(0, -1)));
        expect(texts.every((text) => text.result().ending === "end-token")).toBe(true);
      }),
    );
  });

  test("sequences that are over leave the others", async () => {
    const { decoder } = await decode(
      [[3, end], [4, 5, end], Array.from({ length: 40 }, (_, at) => 3 + (at % 17))],
      isFused,
    );
    expect(decoder.rows[0]).toBe(3);
    expect(decoder.rows.at(-1)).toBe(1);
  });

  test("a text that goes in circles is stopped, and so is one that is too long", async () => {
    const circle = Array.from({ length: 59 }, () => 7);
    const long = Array.from({ length: 90 }, (_, at) => 3 + ((at * at) % 17));
    const { texts } = await decode([circle, long], isFused);
    const [inCircles, tooLong] = texts.map((text) => text.result());
    expect(inCircles).toMatchObject({ ending: "loop", tokenIds: Int32Array.of(7) });
    expect(tooLong).toMatchObject({ ending: "limit" });
    expect([...(tooLong?.tokenIds ?? [])]).toEqual(long.slice(0, 60));
  });

  test("what a sign of progress throws ends the work", async () => {
    const decoder = new FakeTextDecoder([[3, 4, 5, end]], isFused);
    const stopped = decodeTogether(decoder, [sequenceOf(decoder, 0, [3, 4, 5, end])], "left", () => {
      throw new Error("nobody waits");
    });
    await expect(stopped).rejects.toThrow("nobody waits");
    expect(decoder.rows).toHaveLength(1);
  });

  test("a sequence whose first token was its end is not decoded", async () => {
    const { decoder, texts } = await decode([[end]], isFused);
    expect(decoder.rows).toEqual([]);
    expect(texts[0]?.result()).toMatchObject({ ending: "end-token", tokenIds: new Int32Array() });
  });
});

test("sequences whose tokens are drawn are decoded step by step by any decoder", async () => {
  const decoder = new FakeTextDecoder([[3, 4, end]], true);
  await decodeTogether(decoder, [sequenceOf(decoder, 0, [3, 4, end], 0.5)], "left", () => {});
  expect(decoder.fed.get(0)).toEqual([3, 4]);
  expect(decoder.rows).toEqual([1, 1]);
});

test("on a device runs that go on by themselves get longer, as caches cross to host memory between them", async () => {
  const long = Array.from({ length: 900 }, (_, at) => 3 + ((at * at * 7 + at) % 17) * ((at % 5) % 2));
  const tokensAsked = async (device: string): Promise<number[]> => {
    const decoder = new FakeTextDecoder([long], true, device);
    await decodeTogether(decoder, [sequenceOf(decoder, 0, long, 0, 850)], "left", () => {});
    return decoder.tokensAsked;
  };
  expect(Math.max(...(await tokensAsked("cpu")))).toBe(16);
  const onDevice = await tokensAsked("cuda");
  expect(onDevice[0]).toBe(16);
  expect(Math.max(...onDevice)).toBe(256);
});

async function decode(scripts: readonly (readonly number[])[], isFused: boolean) {
  const decoder = new FakeTextDecoder(scripts, isFused);
  const sequences = scripts.map((each, number) => sequenceOf(decoder, number, each));
  const texts = sequences.map(({ text }) => text);
  await decodeTogether(decoder, sequences, "left", () => {});
  expect(sequences).toEqual([]);
  return { decoder, texts };
}

function sequenceOf(
  decoder: FakeTextDecoder,
  number: number,
  tokens: readonly number[],
  temperature = 0,
  maxNewTokens = rules.maxNewTokens,
) {
  const text = new GeneratedText(
    { ...rules, maxNewTokens },
    { temperature, random: seededRandom(1), stopsInLoop: true },
  );
  text.take({ tokenId: tokens[0]!, logProbability: 0 });
  return { text, lastTokenId: tokens[0]!, cache: decoder.cacheOf(number) };
}
