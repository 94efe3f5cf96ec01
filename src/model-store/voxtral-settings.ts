import { join } from "node:path";
import { z } from "zod";
import { OperatorError } from "../operator-error.ts";
import { readChecked } from "./read-checked.ts";

/** What a Voxtral folder says of what the model takes. */
export interface VoxtralSettings {
  /** Rows of the log-mel spectrograms that it reads. */
  readonly melBins: 80 | 128;
  /** Columns of the spectrogram that its encoder reads at once, 10 ms each: 3,000 of the public models. */
  readonly framesPerChunk: number;
  /** Places in the prompt that such a chunk takes: 375 of the public models. */
  readonly tokensPerChunk: number;
  /** Places in a prompt and its answer together. */
  readonly maxPositions: number;
  /** Stands in the prompt where the audio goes. */
  readonly audioTokenId: number;
  readonly vocabularySize: number;
  /** What its memory on a device depends on. */
  readonly audio: { readonly width: number; readonly inner: number; readonly heads: number; readonly states: number };
  readonly text: {
    readonly width: number;
    readonly inner: number;
    readonly layers: number;
    readonly heads: number;
    readonly keyValueHeads: number;
    readonly headWidth: number;
    readonly vocabulary: number;
  };
  /** Log-power (base 10) that counts as the loudest; null when it is that of each window. */
  readonly logMelMaximum: number | null;
}

const count = z.int().positive();

const configSchema = z.object({
  model_type: z.literal("voxtral"),
  audio_token_id: z.int().nonnegative(),
  audio_config: z.object({
    num_mel_bins: z.union([z.literal(80), z.literal(128)]),
    num_attention_heads: count,
    max_source_positions: count,
    hidden_size: count,
    /** Also the width that the projector reads: so many of the encoder's states are joined to one. */
    intermediate_size: count,
  }),
  text_config: z.object({
    vocab_size: count,
    max_position_embeddings: count,
    hidden_size: count,
    intermediate_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    num_key_value_heads: count.optional(),
    head_dim: count.optional(),
  }),
});

const preprocessorSchema = z.object({
  feature_size: z.union([z.literal(80), z.literal(128)]),
  sampling_rate: z.literal(16_000).optional(),
  hop_length: z.literal(160),
  n_fft: z.literal(400),
  global_log_mel_max: z.number().nullish(),
});

/**
 * Reads `config.json` and `preprocessor_config.json`.
 * @throws {OperatorError} that names the file and what is wrong with it.
 */
export async function readVoxtralSettings(folder: string): Promise<VoxtralSettings> {
  const configFile = join(folder, "config.json");
  const { audio_config: audio, text_config: text, audio_token_id } = await readChecked(configFile, configSchema);
  const matching = preprocessorSchema.extend({ feature_size: z.literal(audio.num_mel_bins) });
  const preprocessor = await readChecked(join(folder, "preprocessor_config.json"), matching);
  const joinedStates = audio.intermediate_size / audio.hidden_size;
  if (!Number.isInteger(joinedStates) || audio.max_source_positions % joinedStates !== 0) {
    throw new OperatorError(`${configFile} cannot be used: audio_config.intermediate_size does not join whole states`);
  }
  return {
    melBins: audio.num_mel_bins,
    // The second convolution of the encoder halves the number of frames.
    framesPerChunk: 2 * audio.max_source_positions,
    tokensPerChunk: audio.max_source_positions / joinedStates,
    maxPositions: text.max_position_embeddings,
    audioTokenId: audio_token_id,
    vocabularySize: text.vocab_size,
    audio: {
      width: audio.hidden_size,
      inner: audio.intermediate_size,
      heads: audio.num_attention_heads,
      states: audio.max_source_positions,
    },
    text: {
      width: text.hidden_size,
      inner: text.intermediate_size,
      layers: text.num_hidden_layers,
      heads: text.num_attention_heads,
      keyValueHeads: text.num_key_value_heads ?? text.num_attention_heads,
      headWidth: text.head_dim ?? text.hidden_size / text.num_attention_heads,
      vocabulary: text.vocab_size,
    },
    logMelMaximum: preprocessor.global_log_mel_max ?? null,
  };
}
