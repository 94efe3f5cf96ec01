import { join } from "node:path";
import { z } from "zod";
import { readChecked } from "./read-checked.ts";

/** What a Whisper folder says of what the model takes. */
export interface WhisperSettings {
  /** Codes of the languages that it knows, such as `fr`. */
  readonly languages: readonly string[];
  /** Rows of the log-mel spectrograms that it reads. */
  readonly melBins: 80 | 128;
}

/** The numbers of a Whisper folder on which its memory depends. */
export interface WhisperDimensions {
  readonly audio: { readonly width: number; readonly inner: number; readonly heads: number; readonly states: number };
  readonly text: { readonly width: number; readonly layers: number; readonly vocabulary: number };
  /** Of a text, prompt included. */
  readonly positions: number;
}

const count = z.int().positive();
const configSchema = z.object({
  d_model: count,
  encoder_attention_heads: count,
  encoder_ffn_dim: count,
  max_source_positions: count,
  decoder_layers: count,
  vocab_size: count,
  max_target_positions: count,
});

const generationSchema = z.object({
  /** Token ids by language token, such as `<|fr|>`. */
  lang_to_id: z.record(z.string().regex(/^<\|[a-z]{2,3}\|>$/), z.int().nonnegative()).refine(isNotEmpty, "is empty"),
});

const preprocessorSchema = z.object({ feature_size: z.union([z.literal(80), z.literal(128)]) });

/**
 * Languages from `lang_to_id` of `generation_config.json`, mel bins from `feature_size` of `preprocessor_config.json`.
 * @throws {OperatorError} that names the file and what is wrong with it.
 */
export async function readWhisperSettings(folder: string): Promise<WhisperSettings> {
  const generation = await readChecked(join(folder, "generation_config.json"), generationSchema);
  const preprocessor = await readChecked(join(folder, "preprocessor_config.json"), preprocessorSchema);
  const languages = Object.keys(generation.lang_to_id).map((token) => token.slice("<|".length, -"|>".length));
  return { languages: languages.toSorted(), melBins: preprocessor.feature_size };
}

/**
 * Reads `config.json`.
 * @throws {OperatorError} that names the file and what is wrong with it.
 */
export async function readWhisperDimensions(folder: string): Promise<WhisperDimensions> {
  const config = await readChecked(join(folder, "config.json"), configSchema);
  return {
    audio: {
      width: config.d_model,
      inner: config.encoder_ffn_dim,
      heads: config.encoder_attention_heads,
      states: config.max_source_positions,
    },
    text: { width: config.d_model, layers: config.decoder_layers, vocabulary: config.vocab_size },
    positions: config.max_target_positions,
  };
}

function isNotEmpty(record: object): boolean {
  return Object.keys(record).length > 0;
}
