import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseLikeliest } from "../../../../src/inference/generation/token-choice.ts";
import { findPadding } from "../../../../src/inference/voxtral/find-padding.ts";
import { openFusedDecoder } from "../../../../src/inference/voxtral/fused-decoder.ts";
import { joinCaches, type KeyValueCache, type PaddingSide } from "../../../../src/inference/voxtral/key-value-cache.ts";
import { openStepwiseDecoder } from "../../../../src/inference/voxtral/stepwise-decoder.ts";
import type { DecoderStep, TextDecoder } from "../../../../src/inference/voxtral/text-decoder.ts";
import { readVoxtralConfig, type VoxtralConfig } from "../../../../src/inference/voxtral/voxtral-config.ts";
import { tinyVoxtralFolder } from "../../../helpers/tiny-voxtral.ts";

const folder = tinyVoxtralFolder("voxtral-grouped");
const session = { executionProvider: "cpu", intraOpNumThreads: 1 } as const;
const audioTokenId = 24;
const width = 64;

/** Sums in another order: the logits of these models go up to 20. */
const tolerance = 2e-3;
const runs = { numRuns: 12 };

/** Texts with some audio in them. */
const prompt = fc.array(fc.oneof(fc.integer({ min: 1_000, max: 1_399 }), fc.constant(audioTokenId)), {
  minLength: 1,
  maxLength: 60,
});

let config: VoxtralConfig;

beforeAll(async () => {
  config = await readVoxtralConfig(folder);
});

describe.each([
  { form: "q4", isFused: false },
  { form: "q4gqa", isFused: false },
  { form: "q4", isFused: true },
  { form: "q4gqa", isFused: true },
])("$form, fused: $isFused", ({ form, isFused }) => {
  let decoder: TextDecoder;
  let padding: PaddingSide;

  beforeAll(async () => {
    const embedTokens = "onnx/embed_tokens_q4.onnx";
    decoder = await (isFused
      ? openFusedDecoder(folder, { decoder: `onnx/decoder_fused_${form}.onnx` }, config, session)
      : openStepwiseDecoder(
          folder,
          { embedTokens, decoder: `onnx/decoder_model_merged_${form}.onnx` },
          config,
          session,
        ));
    padding = (await findPadding(decoder, config))!;
  });

  afterAll(() => decoder.release());

  test("a prompt that is read in pieces is the prompt that is read at once", async () => {
    await fc.assert(
      fc.asyncProperty(prompt, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), async (tokens, sizes) => {
        const whole = await read(tokens, [tokens.length]);
        const pieces = await read(tokens, sizes);
        expect(pieces.cache.lengths).toEqual([tokens.length]);
        expectAlike(pieces.logits[0]!, whole.logits[0]!);
      }),
      runs,
    );
  });

  test("sequences of any lengths side by side go on as they do alone", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(prompt, { minLength: 2, maxLength: 7 }), async (prompts) => {
        const caches: KeyValueCache[] = [];
        const alone: Float32Array[] = [];
        for (const tokens of prompts) {
          const { cache } = await read(tokens, [tokens.length]);
          caches.push(cache);
          alone.push(...(await stepTwice(cache, [tokens[0]!])));
        }
        const together = await stepTwice(
          joinCaches(caches, padding),
          prompts.map(([first]) => first!),
        );
        together.forEach((logits, row) => expectAlike(logits, alone[row]!));
      }),
      runs,
    );
  });

  test("a run that goes on by itself chooses what steps choose", async () => {
    if (decoder.runGreedily === null) {
      expect(isFused).toBe(false);
      return;
    }
    for (const count of [1, 2, 7, 16]) {
      const { cache } = await read([1_100, 1_200, 1_300], [3]);
      const { choices, cache: after } = await decoder.runGreedily(cache, [1_050], count);
      const stepped: number[] = [];
      let step: DecoderStep = { cache, logits: [] };
      for (let token = 1_050; stepped.length < choices[0]!.length; token = stepped.at(-1)!) {
        step = await decoder.step(step.cache, [token]);
        const { tokenId, logProbability } = chooseLikeliest(step.logits[0]!);
        expect(Math.abs(choices[0]![stepped.length]!.logProbability - logProbability)).toBeLessThan(0.05);
        stepped.push(tokenId);
      }
      expect(choices[0]!.map(({ tokenId }) => tokenId)).toEqual(stepped);
      expect(after.lengths).toEqual(step.cache.lengths);
    }
  });

  async function read(tokens: readonly number[], sizes: readonly number[]): Promise<DecoderStep> {
    let step: DecoderStep = { cache: decoder.begin(), logits: [] };
    let row = 0;
    for (let start = 0, piece = 0; start < tokens.length; piece++) {
      const part = tokens.slice(start, start + sizes[piece % sizes.length]!);
      const rows = part.filter((token) => token === audioTokenId).length;
      step = await decoder.read(step.cache, Int32Array.from(part), audioRows(row, rows));
      start += part.length;
      row += rows;
    }
    return step;
  }

  async function stepTwice(cache: KeyValueCache, tokens: readonly number[]): Promise<readonly Float32Array[]> {
    const step = await decoder.step(cache, tokens);
    return (await decoder.step(step.cache, tokens)).logits;
  }
});

/** Rows of the sound that all prompts have. */
function audioRows(first: number, count: number): Float32Array {
  return Float32Array.from({ length: count * width }, (_, at) => Math.sin((first * width + at) * 0.7) / 4);
}

function expectAlike(logits: Float32Array, expected: Float32Array): void {
  expect(logits).toHaveLength(expected.length);
  const largest = logits.reduce((most, logit, at) => Math.max(most, Math.abs(logit - expected[at]!)), 0);
  expect(largest).toBeLessThan(tolerance);
}

test("on a device the embeddings of the public layout are looked up on the CPU", async () => {
  const files = { embedTokens: "onnx/embed_tokens_q4.onnx", decoder: "onnx/decoder_model_merged_q4.onnx" };
  const onDevice = { ...session, executionProvider: "cuda" } as const;
  // Without a device only the decoder cannot be opened.
  const problem = await openStepwiseDecoder(folder, files, config, onDevice).then(
    async (decoder) => {
      await decoder.release();
      return files.decoder;
    },
    (error: Error) => error.message,
  );
  expect(problem).toContain(files.decoder);
});
