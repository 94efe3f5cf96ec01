import { join } from "node:path";
import type { SessionSettings } from "../../processes/protocol.ts";
import { falseTensor, float32Values, floatTensor, int64Tensor, integers, Session, type Tensors } from "../session.ts";
import { cacheInputs, cacheNames, checkCaches, emptyCache, grownCache, type KeyValueCache } from "./key-value-cache.ts";
import type { DecoderStep, GreedyRun, TextDecoder } from "./text-decoder.ts";
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
    return emptyCache(this.#session, this.#config);
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
    const chosen = integers(outputs["token_ids"]);
    const logProbabilities = float32Values(outputs["log_probabilities"]);
    const count = chosen.length / tokenIds.length;
    return {
      cache: grownCache(cache, outputs, count, this.#config),
      choices: tokenIds.map((_, row) =>
        Array.from({ length: count }, (__, at) => ({
          tokenId: chosen[row * count + at]!,
          logProbability: logProbabilities[row * count + at]!,
        })),
      ),
    };
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
