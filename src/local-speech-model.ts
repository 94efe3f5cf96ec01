import { join } from "node:path";
import { z } from "zod";
import { canaryClipDigest, readCanaryWindow } from "./canary-clip.ts";
import { speechBatch } from "./hardware/batch-size.ts";
import type { AskedModel } from "./health/canary.ts";
import type { SpokenCanary } from "./health/monitored-model.ts";
import { LocalModel, type LocalModelOptions, type ModelConfig } from "./local-model.ts";
import type { ModelFolder } from "./model-store/model-folder.ts";
import { graphBytesOf } from "./model-store/model-variants.ts";
import { readChecked } from "./model-store/read-checked.ts";
import { OperatorError } from "./operator-error.ts";
import type { WindowShape } from "./processes/audio-protocol.ts";
import type { RunWindows } from "./processes/inference-process.ts";
import type { AudioWindowInput, TranscriptOutput, WindowOutput } from "./processes/protocol.ts";
import type { RequestContext } from "./scheduler/request-context.ts";
import type { SpeechFamily } from "./speech-family.ts";
import { invalidPrediction } from "./tasks/invalid-prediction.ts";
import type { SpeechModel, SpeechWindowInput, SpeechWindowOutput } from "./tasks/served-model.ts";
import { openVoxtralFamily } from "./voxtral-family.ts";
import { openWhisperFamily } from "./whisper-family.ts";

/** What a Whisper base of 8 bits costs on one core, in milliseconds: its encoder grows with the frames. */
const priorCost = { fixedMs: 250, perUnitMs: 0.25 };
/**
 * Of a batch that takes one run on a device, a guess: each step reads the weights once for all windows, so that nearly all
 * of the time is the same for one window as for many. A window of 30 s adds 60 ms.
 */
const oneRunPriorCost = { fixedMs: 2_000, perUnitMs: 0.02 };
/** Bytes of its graphs. The work of other models grows with theirs. */
const priorBytes = 88_000_000;

/**
 * The encoder is one step, without a sign of progress: half a second on an idle core, a minute where processes of higher
 * priority leave next to nothing. A Voxtral's takes 16 s and is allowed ten minutes. Milliseconds.
 */
const shortestRunLimitMs = 60_000;
const longestRunLimitMs = 600_000;

/** Columns of all windows of one upload that may be on their way: 180 MB of 128 rows. */
const framesAhead = 360_000;

/** A served speech model: what all models have, and what its family adds. */
export class LocalSpeechModel extends LocalModel implements SpeechModel, SpokenCanary {
  readonly task = "automatic-speech-recognition";
  readonly canaryWindow: SpeechWindowInput;
  readonly #family: SpeechFamily;

  /**
   * Builds everything that serves the folder; `start` starts the processes.
   * @throws OperatorError that says what is wrong with the folder.
   */
  static async open(options: LocalModelOptions): Promise<LocalSpeechModel> {
    const { folder, settings } = options;
    checkCanaryClip(folder);
    const family = await openFamily(folder, settings);
    return new LocalSpeechModel(options, family, await readCanaryWindow(family.windows, family.languages));
  }

  private constructor(options: LocalModelOptions, family: SpeechFamily, canaryWindow: SpeechWindowInput) {
    const { config, settings } = options;
    super(options, ({ provider, variant }) => {
      const scale = Math.max(1, graphBytesOf(variant) / priorBytes);
      const { batchNeed, timedNeed, answersInOneRun } = family.onDevice(variant);
      return {
        unit: "frames",
        priorCost:
          provider !== "cpu" && answersInOneRun
            ? oneRunPriorCost
            : { fixedMs: scale * priorCost.fixedMs, perUnitMs: scale * priorCost.perUnitMs },
        endsRunsEarly: true,
        // A batch that is one run takes hardly longer than a window: what comes meanwhile shares the next one. Whether an
        // instance's graph can do that it found out by trying.
        interleavesRuns: (instance) => !(answersInOneRun && instance.answersInOneRun),
        batchNeed,
        timedNeed,
        wantedUnits: () => speechBatch(settings.maxBatchSize, answersInOneRun),
        settings: ({ isOnGpu, maxUnits }) => ({
          runLimitFloorMs: Math.max(
            Math.min(scale * shortestRunLimitMs, longestRunLimitMs),
            config().processes.runLimitFloorMs,
          ),
          runLimitFactor: config().processes.runLimitFactor,
          maxQueueSize: config().scheduler.maxQueueSize,
          // The number of windows bounds the queue: each upload has `framesAhead` in it at most.
          maxQueueLength: Number.POSITIVE_INFINITY,
          maxBatchSize: Math.min(speechBatch(settings.maxBatchSize, isOnGpu && answersInOneRun), Math.max(1, maxUnits)),
          maxBatchLength: Number.POSITIVE_INFINITY,
        }),
      };
    });
    this.#family = family;
    this.canaryWindow = canaryWindow;
  }

  get languages(): readonly string[] {
    return this.#family.languages;
  }

  get detectsLanguage(): boolean {
    return this.#family.detectsLanguage;
  }

  get windows(): WindowShape {
    return this.#family.windows;
  }

  override get longestStepMs(): number {
    return this.scheduler.grantedMs;
  }

  protected get longestWindow(): number {
    return this.windows.mostFrames;
  }

  /**
   * One batch waits while each instance runs one, so that none is idle while the next is on its way. Long windows are
   * fewer: they lie in the memory of the API process.
   */
  get windowsAhead(): number {
    const windows = (this.instances + 1) * this.scheduler.maxBatchSize;
    return Math.max(1, Math.min(windows, Math.floor(framesAhead / this.windows.mostFrames)));
  }

  async transcribe(window: SpeechWindowInput, context: RequestContext): Promise<SpeechWindowOutput> {
    const refusal = this.stateRefusal();
    if (refusal !== null) {
      throw refusal;
    }
    const { outputs, queueMs, inferenceMs } = await this.scheduler.submitPart([this.#inputOf(window)], context);
    return { ...transcriptIn(outputs), queueMs, inferenceMs };
  }

  protected computedBy(run: RunWindows): AskedModel {
    const { task, folder, languages, canaryWindow } = this;
    return {
      task,
      folder,
      languages,
      canaryWindow,
      transcribe: async (window) => {
        const { outputs, inferenceMs } = await run([this.#inputOf(window)]);
        return { ...transcriptIn(outputs), queueMs: 0, inferenceMs };
      },
    };
  }

  #inputOf(window: SpeechWindowInput): AudioWindowInput {
    const promptTokenIds = this.#family.promptFor(window.frames, window.language);
    return { kind: "audio", melBins: this.windows.melBins, promptTokenIds, ...window };
  }

  decode(tokenIds: Int32Array): string {
    return this.#family.decode(tokenIds);
  }
}

function checkCanaryClip({ path, manifest: { canary } }: ModelFolder): void {
  if (canary !== undefined && "clip" in canary && canary.clip !== canaryClipDigest) {
    throw new OperatorError(
      `the canary of model folder ${path} was recorded with another clip than the service has: npm run record-canary -- ${path}`,
    );
  }
}

function transcriptIn([output]: readonly WindowOutput[]): Omit<TranscriptOutput, "kind"> {
  if (output?.kind !== "transcript") {
    throw invalidPrediction({ output: output?.kind });
  }
  const { kind: _, ...heard } = output;
  return heard;
}

const configSchema = z.object({ model_type: z.enum(["whisper", "voxtral"]) });

async function openFamily(folder: ModelFolder, settings: ModelConfig): Promise<SpeechFamily> {
  const { model_type } = await readChecked(join(folder.path, "config.json"), configSchema);
  return model_type === "whisper" ? openWhisperFamily(folder, settings) : openVoxtralFamily(folder, settings);
}
