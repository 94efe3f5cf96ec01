import { join } from "node:path";
import type { GenerationRules } from "../generation/generated-text.ts";
import { JsonFields } from "../json-fields.ts";

/** What running a Voxtral model needs of its folder's `config.json` and `generation_config.json`. */
export interface VoxtralConfig {
  /** Rows of the spectrogram. */
  readonly melBins: number;
  /** Columns that the encoder reads at once: 3,000, 30 s, of the public models. */
  readonly framesPerChunk: number;
  /** Rows that it gives for them, and places in the prompt: 375. */
  readonly tokensPerChunk: number;
  /** Numbers in the embedding of a token, and in a row of audio. */
  readonly width: number;
  readonly layers: number;
  /** Of keys and values: fewer than of queries, where queries share them. */
  readonly keyValueHeads: number;
  /** Numbers in a key or value of one head. */
  readonly headWidth: number;
  readonly vocabularySize: number;
  /** Stands in the prompt for one row of audio. */
  readonly audioTokenId: number;
  /** Prompt and answer together. */
  readonly maxPositions: number;
  readonly endTokenIds: readonly number[];
}

/** @throws Error that names the file and the field when one is missing or unfit. */
export async function readVoxtralConfig(folder: string): Promise<VoxtralConfig> {
  const configFile = join(folder, "config.json");
  const config = await JsonFields.read(configFile);
  if (config.text("model_type") !== "voxtral") {
    throw new Error(`${configFile} is of another model_type than voxtral`);
  }
  const audio = config.object("audio_config");
  const text = config.object("text_config");
  const maxSourcePositions = audio.count("max_source_positions");
  // The projector joins neighbouring states of the encoder to rows as wide as the encoder's feed-forward layers.
  const joinedStates = audio.count("intermediate_size") / audio.count("hidden_size");
  const tokensPerChunk = maxSourcePositions / joinedStates;
  if (!Number.isInteger(joinedStates) || !Number.isInteger(tokensPerChunk)) {
    throw new Error(`${configFile}: audio_config.intermediate_size does not join whole states`);
  }
  const width = text.count("hidden_size");
  const heads = text.count("num_attention_heads");
  const generation = await JsonFields.read(join(folder, "generation_config.json"));
  return {
    melBins: audio.count("num_mel_bins"),
    // The second convolution of the encoder halves the number of frames.
    framesPerChunk: 2 * maxSourcePositions,
    tokensPerChunk,
    width,
    layers: text.count("num_hidden_layers"),
    keyValueHeads: text.has("num_key_value_heads") ? text.count("num_key_value_heads") : heads,
    headWidth: text.has("head_dim") ? text.count("head_dim") : width / heads,
    vocabularySize: text.count("vocab_size"),
    audioTokenId: config.count("audio_token_id"),
    maxPositions: text.count("max_position_embeddings"),
    endTokenIds: generation.oneOrMore("eos_token_id"),
  };
}

/** One token stands for 80 ms of audio, and no language is spoken faster than that. */
const audioMsPerToken = 80;
/** What a text needs however short its audio: punctuation and the end token. */
const sparedTokens = 16;

/** Tokens that can be said in so many milliseconds at most. */
export function speakableTokens(audioMs: number): number {
  return sparedTokens + Math.ceil(audioMs / audioMsPerToken);
}

/** The likeliest token of the whole vocabulary at each step, as many as can be said in so many milliseconds. */
export function rulesFor(audioMs: number, promptTokens: number, config: VoxtralConfig): GenerationRules {
  return {
    endTokenIds: config.endTokenIds,
    textTokens: config.vocabularySize,
    suppressed: new Int32Array(),
    suppressedAtBegin: new Int32Array(),
    maxNewTokens: Math.min(speakableTokens(audioMs), config.maxPositions - promptTokens),
  };
}
