import { expect, test } from "vitest";
import type { TokenChoice } from "../../../../src/inference/generation/token-choice.ts";
import { findPromptGroups } from "../../../../src/inference/voxtral/find-prompt-groups.ts";
import { openFusedDecoder } from "../../../../src/inference/voxtral/fused-decoder.ts";
import type { PaddingSide } from "../../../../src/inference/voxtral/key-value-cache.ts";
import type { DecoderStep, TextDecoder } from "../../../../src/inference/voxtral/text-decoder.ts";
import { readVoxtralConfig } from "../../../../src/inference/voxtral/voxtral-config.ts";
import { tinyVoxtralFolder } from "../../../helpers/tiny-voxtral.ts";

const folder = tinyVoxtralFolder("voxtral-grouped");
const session = { executionProvider: "cpu", intraOpNumThreads: 1 } as const;
const config = await readVoxtralConfig(folder);

test("a graph that heeds its mask place by place answers prompts of any lengths in one run", async () => {
  expect(await groupsOf("q4", "left")).toBe("any");
});

test("where prompts cannot be padded, or come out otherwise when they are, those of one length share a run", async () => {
  expect(await groupsOf("q4", "right")).toBe("equal");
  expect(await groupsOf("q4", null)).toBe("equal");
  expect(await groupsOf("q4gqa", "left")).toBe("equal");
});

test("a decoder that says something else in one run than in steps is given no run of its own", async () => {
  expect(await groupsOf("q4", "left", (choice) => ({ ...choice, tokenId: choice.tokenId + 1 }))).toBeNull();
  expect(await groupsOf("q4", "left", (choice) => ({ ...choice, logProbability: Number.NaN }))).toBeNull();
});

/** Two that are tied but for rounding, and one that is far behind. */
const [likeliest, tied, unlikely] = [4, 5, 3] as const;
const logits = Float32Array.of(0, 0, 0, 5, 10, 9.9);

test("of two tokens that are about as likely one run may choose the other, and what it says after that is not compared", async () => {
  expect(await groupsOfTied([likeliest, likeliest, likeliest])).toBe("any");
  expect(await groupsOfTied([tied, unlikely, unlikely])).toBe("any");
  expect(await groupsOfTied([likeliest, tied, unlikely])).toBe("any");
  expect(await groupsOfTied([likeliest, unlikely, likeliest])).toBeNull();
  expect(await groupsOfTied([tied, tied, tied], 0.5)).toBeNull();
  expect(await groupsOfTied([likeliest, likeliest])).toBeNull();
});

/** @param error of the log-probabilities that one run tells. */
function groupsOfTied(said: readonly number[], error = 0) {
  const step = { logits: [logits] } as unknown as DecoderStep;
  const decoder: Pick<TextDecoder, "begin" | "read" | "step"> = {
    begin: () => step.cache,
    read: () => Promise.resolve(step),
    step: () => Promise.resolve(step),
  };
  const sum = Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0));
  const choices = said.map((tokenId) => ({ tokenId, logProbability: logits[tokenId]! - sum + error }));
  const generate: NonNullable<TextDecoder["generateGreedily"]> = (prompts) =>
    Promise.resolve(prompts.map(() => choices));
  return findPromptGroups(decoder as TextDecoder, generate, "left", config);
}

/** @param spoil what one run says instead of what its graph chose. */
async function groupsOf(
  form: string,
  padding: PaddingSide | null,
  spoil: (choice: TokenChoice) => TokenChoice = (choice) => choice,
) {
  const decoder = await openFusedDecoder(folder, { decoder: `onnx/decoder_fused_${form}.onnx` }, config, session);
  const generate: NonNullable<TextDecoder["generateGreedily"]> = async (prompts, tokens) =>
    (await decoder.generateGreedily!(prompts, tokens)).map((row) => row.map(spoil));
  const groups = await findPromptGroups(decoder, generate, padding, config);
  await decoder.release();
  return groups;
}
