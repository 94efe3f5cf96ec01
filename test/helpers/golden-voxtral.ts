import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { LogMel } from "../../src/audio/log-mel.ts";
import type { AudioWindowInput } from "../../src/processes/protocol.ts";
import type { VoxtralPrompt } from "../../src/text/voxtral-prompt.ts";
import { audioWindow } from "./audio-window.ts";
import { readSpeech } from "./speech-samples.ts";
import type { TinyVoxtral, VoxtralForm } from "./tiny-voxtral.ts";

const ids = z.array(z.int());

const clipSchema = z.object({
  name: z.string(),
  parts: z.array(
    z.union([
      z.object({ file: z.string(), gain: z.number().default(1) }),
      z.object({ silenceSamples: z.int().positive() }),
    ]),
  ),
  repeat: z.int().default(1),
  cutSamples: z.int().optional(),
  language: z.string().nullable(),
  maxNewTokens: z.int(),
  chunks: z.int(),
  audioTokens: z.int(),
  promptStart: ids,
  promptEnd: ids,
});

const answerSchema = z.object({
  tokenIds: ids,
  ended: z.boolean(),
  smallestMargin: z.number(),
  logProbability: z.number(),
  firstLogits: z.array(z.number()),
  lastLogits: z.array(z.number()),
});

const formSchema = z.object({ tolerance: z.number(), clips: z.record(z.string(), answerSchema) });

const goldenSchema = z.object({
  logitPositions: ids,
  clips: z.array(clipSchema),
  batches: z.array(z.array(z.string())),
  models: z.record(
    z.string(),
    z.object({ sha256: z.record(z.string(), z.string()), forms: z.record(z.string(), formSchema) }),
  ),
});

export type GoldenClip = z.infer<typeof clipSchema>;
export type GoldenAnswer = z.infer<typeof answerSchema>;

const file = fileURLToPath(new URL("../golden/voxtral.json", import.meta.url));

/** What `tools/voxtral-golden` recorded of the reference. */
export const goldenVoxtral = goldenSchema.parse(JSON.parse(readFileSync(file, "utf8")));

/** Names of the forms in the golden file, by the endings of their graphs. */
const formNames: Readonly<Record<VoxtralForm, string>> = {
  "": "fp32",
  _fp16: "fp16",
  _quantized: "q8",
  _q4: "q4",
  _q4f16: "q4f16",
  // The same weights.
  _q4gqa: "q4",
};

/** The answers of a model in one form, by the names of the clips. */
export function goldenAnswers(model: TinyVoxtral, form: VoxtralForm): z.infer<typeof formSchema> {
  const answers = goldenVoxtral.models[model]?.forms[formNames[form]];
  if (answers === undefined) {
    throw new Error(`there are no golden answers of ${model} in ${formNames[form]}`);
  }
  return answers;
}

/** The clip's samples as its recipe says, filled up with silence to whole chunks of 30 s by the features. */
export function samplesOf({ parts, repeat, cutSamples }: GoldenClip): Float32Array {
  const once = parts.map((part) =>
    "file" in part ? readSpeech(part.file).map((sample) => sample * part.gain) : new Float32Array(part.silenceSamples),
  );
  const length = once.reduce((total, part) => total + part.length, 0);
  const samples = new Float32Array(length * repeat);
  let at = 0;
  for (let time = 0; time < repeat; time++) {
    for (const part of once) {
      samples.set(part, at);
      at += part.length;
    }
  }
  return samples.subarray(0, cutSamples);
}

const logMel = new LogMel(128, null);

/** The clip as a window of the service's own features and prompt, which may be answered with `maxNewTokens`. */
export function windowOf(clip: GoldenClip, prompt: VoxtralPrompt): AudioWindowInput {
  const frames = 3_000 * clip.chunks;
  return audioWindow({
    features: logMel.features(samplesOf(clip), frames),
    melBins: 128,
    frames,
    // The plugin spares 16 tokens and allows one more for 80 ms.
    audioMs: 80 * (clip.maxNewTokens - 16),
    language: clip.language,
    promptTokenIds: prompt.tokenIds(clip.chunks, clip.language),
  });
}
