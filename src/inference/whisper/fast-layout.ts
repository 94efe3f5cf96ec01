import { join } from "node:path";
import type { SessionSettings } from "../../processes/protocol.ts";
import type { Decoder } from "../generation/decoder.ts";
import { floatTensor, Session, type Tensors } from "../session.ts";
import { type CacheName, cacheNames, emptyCache, inputIds, keepCache, logitRows } from "./decoder-tensors.ts";
import type { GraphFiles, WhisperGraphs } from "./layout.ts";
import type { WhisperConfig } from "./whisper-config.ts";

/**
 * Opens the layout that `tools/whisper-model` writes: the encoder reads windows of any even number of frames and gives
 * the keys and values that the decoder attends to, which the decoder takes as plain inputs, the same at every step.
 * @throws Error that names the file and the inputs or outputs that differ.
 */
export async function openFastLayout(
  folder: string,
  files: GraphFiles,
  config: WhisperConfig,
  settings: SessionSettings,
): Promise<WhisperGraphs> {
  const ofStates = cacheNames(config, "encoder");
  const ofTokens = cacheNames(config, "decoder");
  const encoder = await Session.open(
    join(folder, files.encoder),
    { inputs: ["input_features"], outputs: ofStates.map(({ present }) => present) },
    settings,
  );
  const decoder = await Session.open(
    join(folder, files.decoder),
    {
      inputs: ["input_ids", ...[...ofStates, ...ofTokens].map(({ past }) => past)],
      outputs: ["logits", ...ofTokens.map(({ present }) => present)],
    },
    settings,
  );
  const type = encoder.floatTypeOf("input_features");
  return {
    get device() {
      return decoder.device;
    },
    readsShortWindows: true,
    encode: async (features, frames) => {
      const states = await encoder.run({ input_features: floatTensor(type, features, [1, config.melBins, frames]) });
      const inputs = emptyCache(ofTokens, config, decoder);
      keepCache(ofStates, states, inputs);
      return new FastDecoder(decoder, inputs, ofTokens);
    },
    release: async () => {
      await encoder.release();
      await decoder.release();
    },
  };
}

class FastDecoder implements Decoder {
  readonly #session: Session;
  readonly #inputs: Tensors;
  readonly #ofTokens: readonly CacheName[];

  constructor(session: Session, inputs: Tensors, ofTokens: readonly CacheName[]) {
    this.#session = session;
    this.#inputs = inputs;
    this.#ofTokens = ofTokens;
  }

  async feed(tokenIds: readonly number[]): Promise<Float32Array[]> {
    this.#inputs["input_ids"] = inputIds(tokenIds);
    const outputs = await this.#session.run(this.#inputs);
    keepCache(this.#ofTokens, outputs, this.#inputs);
    return logitRows(outputs, tokenIds.length);
  }
}
