import { z } from "zod";

/** The numbers of a Voxtral model's `config.json` on which its cost depends. */
export interface ModelShape {
  readonly audio: {
    readonly melBins: number;
    readonly width: number;
    readonly inner: number;
    readonly layers: number;
    readonly heads: number;
    /** States that the encoder works on: half as many as frames. */
    readonly states: number;
  };
  readonly text: {
    readonly width: number;
    readonly inner: number;
    readonly layers: number;
    readonly heads: number;
    readonly keyValueHeads: number;
    readonly headWidth: number;
    readonly vocabulary: number;
    readonly positions: number;
  };
}

/** Voxtral-Mini-3B-2507: `configuration_voxtral.py` of transformers, whose defaults are this model. */
export const mini3b: ModelShape = {
  audio: { melBins: 128, width: 1280, inner: 5120, layers: 32, heads: 20, states: 1500 },
  text: {
    width: 3072,
    inner: 8192,
    layers: 30,
    heads: 32,
    keyValueHeads: 8,
    headWidth: 128,
    vocabulary: 131_072,
    positions: 131_072,
  },
};

/** States of the encoder that make one audio token. */
export const statesPerToken = 4;

/** Of one window of 30 s. */
export function audioTokens({ audio }: ModelShape): number {
  return audio.states / statesPerToken;
}

const count = z.int().positive();
const schema = z.object({
  audio_config: z.object({
    num_mel_bins: count,
    hidden_size: count,
    intermediate_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    max_source_positions: count,
  }),
  text_config: z.object({
    hidden_size: count,
    intermediate_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    num_key_value_heads: count,
    head_dim: count,
    vocab_size: count,
    max_position_embeddings: count,
  }),
});

/** @throws z.ZodError that names the fields that are missing or no counts. */
export function parseShape(config: unknown): ModelShape {
  const { audio_config: audio, text_config: text } = schema.parse(config);
  return {
    audio: {
      melBins: audio.num_mel_bins,
      width: audio.hidden_size,
      inner: audio.intermediate_size,
      layers: audio.num_hidden_layers,
      heads: audio.num_attention_heads,
      states: audio.max_source_positions,
    },
    text: {
      width: text.hidden_size,
      inner: text.intermediate_size,
      layers: text.num_hidden_layers,
      heads: text.num_attention_heads,
      keyValueHeads: text.num_key_value_heads,
      headWidth: text.head_dim,
      vocabulary: text.vocab_size,
      positions: text.max_position_embeddings,
    },
  };
}
