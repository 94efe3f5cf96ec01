import { join } from "node:path";
import type { SessionSettings } from "../../processes/protocol.ts";
import type { TokenChoice } from "../generation/token-choice.ts";
import { falseTensor, float32Values, floatTensor, int64Tensor, integers, Session, type Tensors } from "../session.ts";
import {
  attentionMask,
  cacheInputs,
  cacheNames,
  checkCaches,
  emptyCache,
  grownCache,
  type KeyValueCache,
} from "./key-value-cache.ts";
import { joinAudio, paddedPositions, padPrompts } from "./padded-prompts.ts";
import type { DecoderStep, GreedyRun, Prompt, TextDecoder } from "./text-decoder.ts";
import type { VoxtralConfig } from "./voxtral-config.ts";

/**
 * Opens the layout that `tools/export-voxtral` writes: one graph looks up embeddings, puts the audio in their places,
 * decodes, chooses the likeliest token and goes on with it, up to so many times in a run.
 * @throws Error that names the file and what differs from what `config.json` says.
 */
export async function openFusedDecoder(
  folder: string,
  files: { readonly decoder: string },
  config: VoxtralConfig,
  settings: SessionSettings,
): Promise<TextDecoder> {
  const names = cacheNames(config);
  const session = await Session.open(
    join(folder, files.decoder),
    {
      inputs: [
        "input_ids",
        "audio_features",
        "attention_mask",
        "position_ids",
        "is_finished",
        "max_new_tokens",
        ...names.map(({ past }) => past),
      ],
      outputs: ["token_ids", "log_probabilities", "logits", ...names.map(({ present }) => present)],
    },
    settings,
  );
  session.check("input_ids", "int64", [null, null]);
  session.check("audio_features", "float", [null, config.width]);
  session.check("max_new_tokens", "int64", []);
  session.check("logits", "float", [null, config.vocabularySize]);
  checkCaches(session, config);
  return new FusedDecoder(session, config);
}

class FusedDecoder implements TextDecoder {
  readonly #session: Session;
  readonly #config: VoxtralConfig;

  constructor(session: Session, config: VoxtralConfig) {
    this.#session = session;
    this.#config = config;
  }

  get device(): string {
    return this.#session.device;
  }

  begin(): KeyValueCache {
    return emptyCache(this.#session, this.#config, 1);
  }

  async read(cache: KeyValueCache, tokenIds: Int32Array, audio: Float32Array): Promise<DecoderStep> {
    const outputs = await this.#run(cache, [...tokenIds], audio, 1, ["logits"]);
    return this.#toStep(cache, outputs, tokenIds.length);
  }

  async step(cache: KeyValueCache, tokenIds: readonly number[]): Promise<DecoderStep> {
    const outputs = await this.#run(cache, tokenIds, new Float32Array(), 1, ["logits"]);
    return this.#toStep(cache, outputs, 1);
  }

  readonly runGreedily = async (
    cache: KeyValueCache,
    tokenIds: readonly number[],
    tokens: number,
  ): Promise<GreedyRun> => {
    const names = ["token_ids", "log_probabilities"];
    const outputs = await this.#run(cache, tokenIds, new Float32Array(), tokens, names);
    const choices = choicesOf(outputs, tokenIds.length);
    return { cache: grownCache(cache, outputs, choices[0]!.length, this.#config), choices };
  };

  readonly generateGreedily = async (
    prompts: readonly Prompt[],
    tokens: number,
  ): Promise<readonly (readonly TokenChoice[])[]> => {
    const { endTokenIds, width } = this.#config;
    const rows = prompts.length;
    const { columns, lengths, inputIds } = padPrompts(prompts, endTokenIds[0]!);
    const audio = joinAudio(prompts);
    // The caches are not asked for: what ONNX Runtime's binding does not hand over never leaves the device.
    const outputs = await this.#session.run(
      {
        ...emptyCache(this.#session, this.#config, rows).tensors,
        input_ids: int64Tensor(inputIds, [rows, columns]),
        audio_features: floatTensor("float32", audio, [audio.length / width, width]),
        attention_mask: int64Tensor(attentionMask({ columns, lengths, padding: "left" }, 0), [rows, columns]),
        position_ids: int64Tensor(paddedPositions(lengths, columns), [rows, columns]),
        is_finished: falseTensor(rows),
        max_new_tokens: int64Tensor(BigInt64Array.of(BigInt(tokens)), []),
      },
      ["token_ids", "log_probabilities"],
    );
    return choicesOf(outputs, rows);
  };

  release(): Promise<void> {
    return this.#session.release();
  }

  /** Feeds the tokens, the same number to each row; the named outputs and the caches. */
  async #run(
    cache: KeyValueCache,
    tokenIds: readonly number[],
    audio: Float32Array,
    newTokens: number,
    outputs: readonly string[],
  ): Promise<Tensors> {
    const { width } = this.#config;
    const rows = cache.lengths.length;
    const tokens = tokenIds.length / rows;
    return this.#session.run(
      {
        ...cacheInputs(cache, tokens),
        input_ids: int64Tensor(BigInt64Array.from(tokenIds, BigInt), [rows, tokens]),
        audio_features: floatTensor("float32", audio, [audio.length / width, width]),
        is_finished: falseTensor(rows),
        max_new_tokens: int64Tensor(BigInt64Array.of(BigInt(newTokens)), []),
      },
      [...outputs, ...cacheNames(this.#config).map(({ present }) => present)],
    );
  }

  #toStep(cache: KeyValueCache, outputs: Tensors, tokens: number): DecoderStep {
    const { vocabularySize } = this.#config;
    return {
      cache: grownCache(cache, outputs, tokens, this.#config),
      logits: cache.lengths.map((_, row) =>
        float32Values(outputs["logits"], row * vocabularySize, (row + 1) * vocabularySize),
      ),
    };
  }
}

/** The tokens that a run chose for each row. */
function choicesOf(outputs: Tensors, rows: number): TokenChoice[][] {
  const chosen = integers(outputs["token_ids"]);
  const logProbabilities = float32Values(outputs["log_probabilities"]);
  const count = chosen.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: count }, (__, at) => ({
      tokenId: chosen[row * count + at]!,
      logProbability: logProbabilities[row * count + at]!,
    })),
  );
}
