import { join } from "node:path";
import type { GenerationRules } from "../generation/generated-text.ts";
import { JsonFields } from "../json-fields.ts";

/** What running a Whisper model needs of its folder's `config.json` and `generation_config.json`. */
export interface WhisperConfig {
  /** Rows of the spectrogram. */
  readonly melBins: number;
  /** Of the full context, 30 s: the longest window. */
  readonly maxFrames: number;
  readonly decoderLayers: number;
  readonly decoderHeads: number;
  /** Numbers in a key or value of one head. */
  readonly headWidth: number;
  /** Begins every sequence; what the model expects next tells the language and whether anybody speaks. */
  readonly startTokenId: number;
  readonly transcribeTokenId: number;
  readonly noTimestampsTokenId: number;
  readonly noSpeechTokenId: number;
  /** Token ids by ISO 639-1 code; a few languages go by their ISO 639-3 code. */
  readonly languageTokenIds: ReadonlyMap<string, number>;
  readonly generation: GenerationRules;
}

/** @throws Error that names the file and the field when one is missing or unfit, as they are of an English-only model. */
export async function readWhisperConfig(folder: string): Promise<WhisperConfig> {
  const configFile = join(folder, "config.json");
  const config = await JsonFields.read(configFile);
  if (config.text("model_type") !== "whisper") {
    throw new Error(`${configFile} is of another model_type than whisper`);
  }
  const decoderHeads = config.count("decoder_attention_heads");
  const generation = await JsonFields.read(join(folder, "generation_config.json"));
  const noTimestampsTokenId = generation.count("no_timestamps_token_id");
  const endTokenId = generation.count("eos_token_id");
  return {
    melBins: config.count("num_mel_bins"),
    // The second convolution of the encoder halves the number of frames.
    maxFrames: 2 * config.count("max_source_positions"),
    decoderLayers: config.count("decoder_layers"),
    decoderHeads,
    headWidth: config.count("d_model") / decoderHeads,
    startTokenId: generation.count("decoder_start_token_id"),
    transcribeTokenId: generation.countByName("task_to_id", "transcribe"),
    noTimestampsTokenId,
    // No file names it. It stands before <|notimestamps|> in the vocabulary of every Whisper model.
    noSpeechTokenId: noTimestampsTokenId - 1,
    languageTokenIds: languageTokenIdsOf(generation),
    generation: {
      endTokenIds: [endTokenId],
      // Behind it come languages, tasks and times.
      textTokens: endTokenId + 1,
      suppressed: Int32Array.from(generation.counts("suppress_tokens")),
      suppressedAtBegin: Int32Array.from(generation.counts("begin_suppress_tokens")),
      // As in OpenAI's implementation, which leaves the other half to the text of earlier windows.
      maxNewTokens: Math.floor(config.count("max_target_positions") / 2),
    },
  };
}

/** `{"<|fr|>": 50265}` to `fr` → 50265. */
function languageTokenIdsOf(generation: JsonFields): Map<string, number> {
  const tokens = generation.countsByName("lang_to_id");
  return new Map([...tokens].map(([token, id]) => [token.replace(/^<\|(.+)\|>$/, "$1"), id]));
}
