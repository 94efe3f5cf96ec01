import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const probability = z.number().min(0).max(1);
const formSchema = z.object({
  frames: z.int(),
  tokens: z.array(z.int()),
  /** Smallest lead that a chosen logit had over the next one. */
  margin: z.number(),
  noSpeech: probability,
  /** The three likeliest. */
  languages: z.record(z.string(), probability),
});
const goldenSchema = z.object({
  model: z.object({ name: z.string(), version: z.string(), sha256: z.record(z.string(), z.string()) }),
  language: z.string(),
  silence: z.object({ frames: z.int(), noSpeech: probability }),
  clips: z.array(
    z.object({
      file: z.string(),
      text: z.string(),
      /** By `transformers` in float32, in the full context. */
      float32: z.object({ frames: z.int(), tokens: z.array(z.int()) }),
      int8: formSchema,
      int8Short: formSchema,
    }),
  ),
});

export type GoldenClip = z.infer<typeof goldenSchema>["clips"][number];
export type GoldenForm = z.infer<typeof formSchema>;

/**
 * A lead that no rounding turns round: features and sums differ in their last bits between Python and Node and between
 * processors, which 8 bits turn into some tenths of a logit.
 */
const sureMargin = 0.3;
const file = fileURLToPath(new URL("../golden/whisper-tokens.json", import.meta.url));
/** What a plain loop in Python found; the tool that made the file is named in it. */
export const goldenTranscripts = goldenSchema.parse(JSON.parse(readFileSync(file, "utf8")));

/** Clips of which every processor makes the same text. */
export const sureClips = goldenTranscripts.clips.filter(
  (clip) => Math.min(clip.int8.margin, clip.int8Short.margin) > sureMargin,
);
