import { join } from "node:path";
import type { SessionSettings } from "../../processes/protocol.ts";
import { float32Values, floatTensor, int64Tensor, Session } from "../session.ts";
import { cacheInputs, cacheNames, checkCaches, emptyCache, grownCache, type KeyValueCache } from "./key-value-cache.ts";
import type { DecoderStep, TextDecoder } from "./text-decoder.ts";
import type { VoxtralConfig } from "./voxtral-config.ts";

/**
 * Opens the public layout: one graph looks up the embeddings of tokens, another one reads embeddings and gives logits. The
 * first is computed on the CPU wherever the second is: its rows are wanted in host memory, where audio takes the places of
 * some, and of embeddings in 4 bits without zero points the CUDA provider of ONNX Runtime took 0 for zero instead of 8
 * (microsoft/onnxruntime#31692).
 * @throws Error that names the file and what differs from what `config.json` says.
 */
export async function openStepwiseDecoder(
  folder: string,
  files: { readonly embedTokens: string; readonly decoder: string },
  config: VoxtralConfig,
  settings: SessionSettings,
): Promise<TextDecoder> {
  const embedTokens = await Session.open(
    join(folder, files.embedTokens),
    { inputs: ["input_ids"], outputs: ["inputs_embeds"] },
    { ...settings, executionProvider: "cpu" },
  );
  embedTokens.check("input_ids", "int64", [null, null]);
  embedTokens.check("inputs_embeds", "float", [null, null, config.width]);
  const names = cacheNames(config);
  const decoder = await Session.open(
    join(folder, files.decoder),
    {
      inputs: ["inputs_embeds", "attention_mask", "position_ids", ...names.map(({ past }) => past)],
      outputs: ["logits", ...names.map(({ present }) => present)],
    },
    settings,
  );
  decoder.check("inputs_embeds", "float", [null, null, config.width]);
  decoder.check("logits", "float", [null, null, config.vocabularySize]);
  checkCaches(decoder, config);
  return new StepwiseDecoder(embedTokens, decoder, config);
}

class StepwiseDecoder implements TextDecoder {
  readonly runGreedily = null;
  readonly generateGreedily = null;
  readonly #embedTokens: Session;
  readonly #decoder: Session;
  readonly #config: VoxtralConfig;

  constructor(embedTokens: Session, decoder: Session, config: VoxtralConfig) {
    this.#embedTokens = embedTokens;
    this.#decoder = decoder;
    this.#config = config;
  }

  get device(): string {
    return this.#decoder.device;
  }

  begin(): KeyValueCache {
    return emptyCache(this.#decoder, this.#config, 1);
  }

  async read(cache: KeyValueCache, tokenIds: Int32Array, audio: Float32Array): Promise<DecoderStep> {
    const { audioTokenId, width } = this.#config;
    const embeddings = await this.#embed(tokenIds, 1);
    let row = 0;
    tokenIds.forEach((tokenId, at) => {
      if (tokenId === audioTokenId) {
        embeddings.set(audio.subarray(row * width, (row + 1) * width), at * width);
        row++;
      }
    });
    return this.#feed(cache, embeddings, tokenIds.length);
  }

  async step(cache: KeyValueCache, tokenIds: readonly number[]): Promise<DecoderStep> {
    return this.#feed(cache, await this.#embed(tokenIds, tokenIds.length), 1);
  }

  async release(): Promise<void> {
    await this.#embedTokens.release();
    await this.#decoder.release();
  }

  async #embed(tokenIds: ArrayLike<number>, rows: number): Promise<Float32Array> {
    const ids = BigInt64Array.from(tokenIds, BigInt);
    const shape = [rows, tokenIds.length / rows];
    const { inputs_embeds: embeddings } = await this.#embedTokens.run({ input_ids: int64Tensor(ids, shape) });
    return float32Values(embeddings);
  }

  async #feed(cache: KeyValueCache, embeddings: Float32Array, tokens: number): Promise<DecoderStep> {
    const { width, vocabularySize } = this.#config;
    const rows = cache.lengths.length;
    const type = this.#decoder.floatTypeOf("inputs_embeds");
    const { logits, ...presents } = await this.#decoder.run({
      ...cacheInputs(cache, tokens),
      inputs_embeds: floatTensor(type, embeddings, [rows, tokens, width]),
    });
    if (logits?.size !== rows * tokens * vocabularySize) {
      throw new Error(`logits are not [${rows}, ${tokens}, ${vocabularySize}] but [${logits?.dims.join(", ")}]`);
    }
    return {
      cache: grownCache(cache, presents, tokens, this.#config),
      logits: cache.lengths.map((_, row) => {
        const end = (row + 1) * tokens * vocabularySize;
        return float32Values(logits, end - vocabularySize, end);
      }),
    };
  }
}
