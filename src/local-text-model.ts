import type { BatchNeed } from "./hardware/batch-need.ts";
import { textBatch } from "./hardware/batch-size.ts";
import { bytesPerBatchToken } from "./hardware/device-limits.ts";
import type { AskedModel } from "./health/canary.ts";
import { LocalModel, type LocalModelOptions, requireListed } from "./local-model.ts";
import { readLabels } from "./model-store/labels.ts";
import { graphBytesOf, type ModelVariant } from "./model-store/model-variants.ts";
import { OperatorError } from "./operator-error.ts";
import type { RunWindows } from "./processes/inference-process.ts";
import type { TextWindowInput, WindowOutput } from "./processes/protocol.ts";
import type { RequestContext } from "./scheduler/request-context.ts";
import { toxicLabel } from "./tasks/classify.ts";
import { invalidPrediction } from "./tasks/invalid-prediction.ts";
import type { RunResult, TextModel } from "./tasks/served-model.ts";
import type { PreparedText } from "./text/prepared-text.ts";
import { TextWorker } from "./text/text-worker.ts";
import { windowTokens } from "./text/window-tokens.ts";

/** Tokens that neighbouring windows share, so that no insult is cut in two. */
const overlapTokens = 32;

/**
 * Short texts took a thread 53 µs, and the event loop 46 (two busy cores, 32 texts a request): one thread feeds more
 * processor cores than there are, a GPU asks for more, and with two of them the event loop is what limits.
 */
const textThreads = { cpu: 1, cuda: 2 };

/** What a CamemBERT of 12 × 384 costs on one core, in milliseconds. */
const priorCost = { fixedMs: 1, perUnitMs: 0.15 };

const filesInUse = ["config.json", "tokenizer.json", "tokenizer_config.json"];

/** A served text model: what all models have, and the worker that turns texts into tokens. */
export class LocalTextModel extends LocalModel implements TextModel {
  readonly task = "text-classification";
  readonly labels: readonly string[];
  readonly windowBias: number;
  readonly #text: TextWorker;

  /**
   * Builds everything that serves the folder; `start` starts the processes.
   * @throws OperatorError that says what is wrong with the folder.
   */
  static async open(options: LocalModelOptions): Promise<LocalTextModel> {
    const { folder } = options;
    requireListed(folder, filesInUse);
    const labels = await readLabels(folder.path);
    if (!labels.includes(toxicLabel)) {
      throw new OperatorError(`model folder ${folder.path} has no label "${toxicLabel}" but ${labels.join(", ")}`);
    }
    return new LocalTextModel(options, labels);
  }

  private constructor(options: LocalModelOptions, labels: readonly string[]) {
    const { folder, config, events } = options;
    super(options, ({ variant }) => ({
      unit: "tokens",
      priorCost,
      endsRunsEarly: false,
      interleavesRuns: () => false,
      batchNeed: needOf(variant),
      timedNeed: needOf(variant),
      // A model that fell back wants less, and keeps its part all the same.
      wantedUnits: () => textBatch(config().scheduler, true).tokens,
      settings: ({ isOnGpu, maxUnits }) => {
        const { scheduler, processes } = config();
        const { maxQueueSize, maxQueueTokens: maxQueueLength } = scheduler;
        const { windows: maxBatchSize, tokens } = textBatch(scheduler, isOnGpu);
        const maxBatchLength = Math.min(tokens, Math.max(windowTokens, maxUnits));
        return { ...processes, maxQueueSize, maxQueueLength, maxBatchSize, maxBatchLength };
      },
    }));
    this.labels = labels;
    this.windowBias = options.folder.manifest.windowBias ?? 0;
    this.#text = TextWorker.start({
      threads: textThreads[this.plannedProvider],
      modelFolder: folder.path,
      timeLimitMs: () => config().text.timeLimitMs,
      windowTokens,
      overlapTokens,
      foldsText: folder.manifest.foldsText ?? false,
      onRestart: (reason) => events.emit("text_worker_restarted", { model: folder.manifest.name, reason }),
    });
  }

  override async start(): Promise<void> {
    await super.start();
    await this.#text.ready;
  }

  protected get longestWindow(): number {
    return windowTokens;
  }

  prepare(texts: readonly string[], context: RequestContext): Promise<PreparedText[]> {
    return this.#text.prepare(texts, context);
  }

  async run(windows: readonly Int32Array[], context: RequestContext): Promise<RunResult> {
    const refusal = this.stateRefusal();
    if (refusal !== null) {
      throw refusal;
    }
    const { outputs, queueMs, inferenceMs } = await this.scheduler.submit(windows.map(inputOf), context);
    return { logits: outputs.map(logitsOf), queueMs, inferenceMs };
  }

  protected computedBy(run: RunWindows): AskedModel {
    const { task, folder, identity, labels, windowBias } = this;
    return {
      task,
      folder,
      identity,
      labels,
      windowBias,
      prepare: (texts, context) => this.prepare(texts, context),
      run: async (windows) => {
        const { outputs, inferenceMs } = await run(windows.map(inputOf));
        return { logits: outputs.map(logitsOf), queueMs: 0, inferenceMs };
      },
    };
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#text.close();
  }
}

function inputOf(inputIds: Int32Array): TextWindowInput {
  return { kind: "text", inputIds };
}

function logitsOf(output: WindowOutput): Float32Array {
  if (output.kind !== "logits") {
    throw invalidPrediction({ output: output.kind });
  }
  return output.logits;
}

function needOf(variant: ModelVariant): BatchNeed {
  const size = { graphBytes: graphBytesOf(variant), precision: variant.precision };
  return { fixedBytes: 0, bytesPerUnit: bytesPerBatchToken(size, windowTokens) };
}
