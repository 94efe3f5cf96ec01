import { LocalModel, type LocalModelOptions, requireListed } from "./local-model.ts";
import { readSpeechSettings, type SpeechSettings } from "./model-store/speech-settings.ts";
import type { RequestContext } from "./scheduler/request-context.ts";
import { invalidPrediction } from "./tasks/invalid-prediction.ts";
import type { SpeechModel, SpeechWindowInput, SpeechWindowOutput } from "./tasks/served-model.ts";
import { ByteLevelDecoder } from "./text/byte-level-decoder.ts";

/** What a Whisper base of 8 bits costs on one core, in milliseconds: its encoder grows with the frames. */
const priorCost = { fixedMs: 250, perUnitMs: 0.25 };

/**
 * The encoder is one step, without a sign of progress: half a second on an idle core, a minute where processes of higher
 * priority leave next to nothing. Milliseconds.
 */
const shortestRunLimitMs = 60_000;

const filesInUse = ["config.json", "generation_config.json", "preprocessor_config.json", "tokenizer.json"];

/** A served speech model: what all models have, and the decoder that turns tokens into text. */
export class LocalSpeechModel extends LocalModel implements SpeechModel {
  readonly task = "automatic-speech-recognition";
  readonly languages: readonly string[];
  readonly melBins: 80 | 128;
  readonly #decoder: ByteLevelDecoder;

  /**
   * Builds everything that serves the folder; `start` starts the processes.
   * @throws OperatorError that says what is wrong with the folder.
   */
  static async open(options: LocalModelOptions): Promise<LocalSpeechModel> {
    const { folder } = options;
    requireListed(folder, filesInUse);
    const speech = await readSpeechSettings(folder.path);
    return new LocalSpeechModel(options, speech, await ByteLevelDecoder.load(folder.path));
  }

  private constructor(options: LocalModelOptions, speech: SpeechSettings, decoder: ByteLevelDecoder) {
    const { config } = options;
    super(options, {
      unit: "frames",
      priorCost,
      interleavesRuns: true,
      settings: () => ({
        runLimitFloorMs: Math.max(shortestRunLimitMs, config().processes.runLimitFloorMs),
        runLimitFactor: config().processes.runLimitFactor,
        maxQueueSize: config().scheduler.maxQueueSize,
        // The number of windows bounds the queue well enough: none has more than 3,000 frames.
        maxQueueLength: Number.POSITIVE_INFINITY,
        // On a CPU a batch costs as much as its windows one after another, and later windows would wait for the first.
        maxBatchSize: 1,
        maxBatchLength: Number.POSITIVE_INFINITY,
      }),
    });
    this.languages = speech.languages;
    this.melBins = speech.melBins;
    this.#decoder = decoder;
  }

  /** One window waits while each instance runs one, so that none is idle while the next is on its way. */
  get windowsAhead(): number {
    return this.instances + 1;
  }

  async transcribe(window: SpeechWindowInput, context: RequestContext): Promise<SpeechWindowOutput> {
    const refusal = this.stateRefusal();
    if (refusal !== null) {
      throw refusal;
    }
    const input = { kind: "audio" as const, melBins: this.melBins, ...window };
    const { outputs, queueMs, inferenceMs } = await this.scheduler.submitPart([input], context);
    const [output] = outputs;
    if (output?.kind !== "transcript") {
      throw invalidPrediction({ output: output?.kind });
    }
    const { kind: _, ...heard } = output;
    return { ...heard, queueMs, inferenceMs };
  }

  decode(tokenIds: Int32Array): string {
    return this.#decoder.decode(tokenIds);
  }
}
