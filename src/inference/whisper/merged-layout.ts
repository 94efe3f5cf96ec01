import { join } from "node:path";
import type { SessionSettings } from "../../processes/protocol.ts";
import type { Decoder } from "../generation/decoder.ts";
import { booleanTensor, floatTensor, Session, type Tensors } from "../session.ts";
import { type CacheName, cacheNames, emptyCache, inputIds, keepCache, logitRows } from "./decoder-tensors.ts";
import type { GraphFiles, WhisperGraphs } from "./layout.ts";
import type { WhisperConfig } from "./whisper-config.ts";

/**
 * Opens the public layout, as `optimum` exports it and transformers.js runs it: the encoder reads windows of the full
 * context only; the decoder computes the keys and values of the encoder's states in its first run and passes them
 * through in the later ones, told apart by `use_cache_branch`.
 * @throws Error that names the file and the inputs or outputs that differ.
 */
export async function openMergedLayout(
  folder: string,
  files: GraphFiles,
  config: WhisperConfig,
  settings: SessionSettings,
): Promise<WhisperGraphs> {
  const caches = { ofStates: cacheNames(config, "encoder"), ofTokens: cacheNames(config, "decoder") };
  const all = [...caches.ofStates, ...caches.ofTokens];
  const encoder = await Session.open(
    join(folder, files.encoder),
    { inputs: ["input_features"], outputs: ["last_hidden_state"] },
    settings,
  );
  const decoder = await Session.open(
    join(folder, files.decoder),
    {
      inputs: ["input_ids", "encoder_hidden_states", "use_cache_branch", ...all.map(({ past }) => past)],
      outputs: ["logits", ...all.map(({ present }) => present)],
    },
    settings,
  );
  const type = encoder.floatTypeOf("input_features");
  return {
    get device() {
      return decoder.device;
    },
    readsShortWindows: false,
    encode: async (features, frames) => {
      const states = await encoder.run({ input_features: floatTensor(type, features, [1, config.melBins, frames]) });
      const inputs = emptyCache(all, config, decoder);
      inputs["encoder_hidden_states"] = states["last_hidden_state"]!;
      return new MergedDecoder(decoder, inputs, caches);
    },
    release: async () => {
      await encoder.release();
      await decoder.release();
    },
  };
}

interface Caches {
  readonly ofStates: readonly CacheName[];
  readonly ofTokens: readonly CacheName[];
}

class MergedDecoder implements Decoder {
  readonly #session: Session;
  readonly #inputs: Tensors;
  readonly #caches: Caches;
  #isFed = false;

  constructor(session: Session, inputs: Tensors, caches: Caches) {
    this.#session = session;
    this.#inputs = inputs;
    this.#caches = caches;
  }

  async feed(tokenIds: readonly number[]): Promise<Float32Array[]> {
    if (!this.#isFed) {
      this.#isFed = true;
      return this.#feedFirst(tokenIds);
    }
    const rows: Float32Array[] = [];
    for (const tokenId of tokenIds) {
      rows.push(await this.#feedNext(tokenId));
    }
    return rows;
  }

  async #feedFirst(tokenIds: readonly number[]): Promise<Float32Array[]> {
    const { ofStates, ofTokens } = this.#caches;
    this.#inputs["input_ids"] = inputIds(tokenIds);
    this.#inputs["use_cache_branch"] = booleanTensor(false);
    const outputs = await this.#session.run(this.#inputs);
    keepCache([...ofStates, ...ofTokens], outputs, this.#inputs);
    this.#inputs["use_cache_branch"] = booleanTensor(true);
    return logitRows(outputs, tokenIds.length);
  }

  /** One token at a time: this branch was exported with one token, which needs no causal mask. */
  async #feedNext(tokenId: number): Promise<Float32Array> {
    const { ofTokens } = this.#caches;
    this.#inputs["input_ids"] = inputIds([tokenId]);
    // The keys and values of the states are not asked for: the graph would copy them at every token.
    const outputs = await this.#session.run(this.#inputs, ["logits", ...ofTokens.map(({ present }) => present)]);
    keepCache(ofTokens, outputs, this.#inputs);
    return logitRows(outputs, 1)[0]!;
  }
}
