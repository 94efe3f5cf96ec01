import { availableParallelism } from "node:os";
import type { Config } from "./config.ts";
import { ServiceError } from "./errors.ts";
import type { EventBus, ModelState } from "./events.ts";
import { readLabels } from "./model-store/labels.ts";
import { type ModelFolder, openModelFolder } from "./model-store/model-folder.ts";
import { OperatorError } from "./operator-error.ts";
import { InferenceProcess } from "./processes/inference-process.ts";
import { Supervisor } from "./processes/supervisor.ts";
import type { ClientKey, RequestContext } from "./scheduler/request-context.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { toxicLabel } from "./tasks/classify.ts";
import type { ModelIdentity, RunResult, ServedModel } from "./tasks/served-model.ts";
import type { PreparedText } from "./text/prepared-text.ts";
import { TextWorker } from "./text/text-worker.ts";

export type ModelConfig = Config["models"][number];

/** Tokens of a window, special tokens included: the longest input that the toxicity model saw in training. */
const windowTokens = 128;
/** Tokens that neighbouring windows share, so that no insult is cut in two. */
const overlapTokens = 32;
/** `instances: auto` starts no more than this many, each of which holds the model in memory. */
const maxAutoInstances = 16;
/** Suggested wait of a client that came before the model was loaded, in milliseconds. */
const loadingRetryAfterMs = 1000;

/** What is read besides the graph: it must be in the manifest, or it would be used unverified. */
const filesInUse = ["config.json", "tokenizer.json", "tokenizer_config.json"];

const inferenceEntry = new URL("./inference/main.ts", import.meta.url);

/** A served model whose instances run on this machine: its text worker, its scheduler and its supervised processes. */
export class LocalModel implements ServedModel {
  readonly identity: ModelIdentity;
  readonly task: ServedModel["task"];
  readonly labels: readonly string[];
  readonly settings: ModelConfig;
  readonly #text: TextWorker;
  readonly #scheduler: Scheduler;
  readonly #supervisor: Supervisor;
  /** Requests that were let in and are not finished. */
  #holds = 0;
  #released: PromiseWithResolvers<void> | null = null;

  /**
   * Verifies the folder and builds everything that serves it; `start` starts the processes.
   * @throws OperatorError that says what is wrong with the folder.
   */
  static async open(settings: ModelConfig, config: () => Config, events: EventBus): Promise<LocalModel> {
    const folder = await openModelFolder(settings.folder);
    const unlisted = filesInUse.filter((file) => folder.manifest.files.every(({ path }) => path !== file));
    if (unlisted.length > 0) {
      throw new OperatorError(`the manifest of model folder ${folder.path} does not list ${unlisted.join(", ")}`);
    }
    const labels = await readLabels(folder.path);
    if (!labels.includes(toxicLabel)) {
      throw new OperatorError(`model folder ${folder.path} has no label "${toxicLabel}" but ${labels.join(", ")}`);
    }
    return new LocalModel(folder, labels, settings, config, events);
  }

  private constructor(
    folder: ModelFolder,
    labels: readonly string[],
    settings: ModelConfig,
    config: () => Config,
    events: EventBus,
  ) {
    const { name, version, task } = folder.manifest;
    this.identity = { name, version, digest: folder.digest };
    this.task = task;
    this.labels = labels;
    this.settings = settings;
    this.#text = TextWorker.start({
      modelFolder: folder.path,
      timeLimitMs: () => config().text.timeLimitMs,
      windowTokens,
      overlapTokens,
      onRestart: (reason) => events.emit("text_worker_restarted", { model: name, reason }),
    });
    this.#scheduler = new Scheduler({
      model: name,
      events,
      settings: () => ({ ...config().scheduler, ...config().processes }),
    });
    this.#supervisor = new Supervisor({
      model: name,
      instances: settings.instances === "auto" ? autoInstances(settings.intraOpNumThreads) : settings.instances,
      spares: settings.spares,
      restart: () => config().processes,
      events,
      startProcess: () => startProcess(folder, settings, config(), events),
      onInstance: (instance) => this.#scheduler.addInstance(instance),
      onState: (state) => this.#onState(state),
    });
  }

  get isRequired(): boolean {
    return this.settings.required;
  }

  get device(): string {
    return this.#supervisor.device ?? "none";
  }

  /** Windows that wait for an instance. */
  get queueDepth(): number {
    return this.#scheduler.queueDepth;
  }

  state(): ModelState {
    return this.#supervisor.state;
  }

  /** Why it is not ready, for the operator; empty when it is. */
  stateDetail(): string {
    return this.#supervisor.problem() ?? "";
  }

  /**
   * Starts its processes, of which `state` tells when one is ready, and waits for the tokenizer only.
   * @throws Error when the folder's tokenizer cannot be used.
   */
  async start(): Promise<void> {
    this.#supervisor.start();
    await this.#text.ready;
  }

  prepare(texts: readonly string[], context: RequestContext): Promise<PreparedText[]> {
    return this.#text.prepare(texts, context);
  }

  async run(windows: readonly Int32Array[], context: RequestContext): Promise<RunResult> {
    const refusal = this.#stateRefusal();
    if (refusal !== null) {
      throw refusal;
    }
    const inputs = windows.map((inputIds) => ({ kind: "text" as const, inputIds }));
    const { outputs, queueMs, inferenceMs } = await this.#scheduler.submit(inputs, context);
    return { logits: outputs.map(({ logits }) => logits), queueMs, inferenceMs };
  }

  refusal(client: ClientKey): ServiceError | null {
    return this.#stateRefusal() ?? this.#scheduler.refusal(client);
  }

  hold(): () => void {
    this.#holds++;
    let isHeld = true;
    return () => {
      if (isHeld) {
        isHeld = false;
        this.#holds--;
        if (this.#holds === 0) {
          this.#released?.resolve();
        }
      }
    };
  }

  /** Waits for the requests that it was let in for, then stops the processes. */
  async close(): Promise<void> {
    if (this.#holds > 0) {
      this.#released ??= Promise.withResolvers();
      await this.#released.promise;
    }
    await this.#scheduler.drained();
    await Promise.all([this.#text.close(), this.#supervisor.stop()]);
  }

  /** SIGKILL to its processes, for a shutdown that cannot wait. */
  kill(): void {
    this.#supervisor.kill();
  }

  #onState(state: ModelState): void {
    const refusal = this.#stateRefusal();
    if (state === "circuit_open" && refusal !== null) {
      this.#scheduler.failAll(refusal);
    }
  }

  #stateRefusal(): ServiceError | null {
    switch (this.state()) {
      case "ready":
        return null;
      case "loading":
        return new ServiceError("model_loading", "The model is being loaded. Try again in a moment.", {
          retryAfterMs: loadingRetryAfterMs,
        });
      case "circuit_open":
        return new ServiceError("circuit_open", "The model cannot be started at present.", {
          retryAfterMs: Math.max(loadingRetryAfterMs, this.#supervisor.retryInMs),
        });
      case "stopped":
        return new ServiceError("draining", "The model is being stopped.", { retryAfterMs: loadingRetryAfterMs });
    }
  }
}

function autoInstances(intraOpNumThreads: number): number {
  return Math.min(maxAutoInstances, Math.max(1, Math.floor(availableParallelism() / intraOpNumThreads)));
}

function startProcess(
  { path, manifest }: ModelFolder,
  settings: ModelConfig,
  { processes }: Config,
  events: EventBus,
): InferenceProcess {
  const process: InferenceProcess = new InferenceProcess({
    entry: inferenceEntry,
    load: {
      type: "load",
      modelFolder: path,
      manifest,
      session: { executionProvider: "cpu", intraOpNumThreads: settings.intraOpNumThreads },
      pluginModules: settings.plugins,
    },
    startTimeoutMs: processes.startTimeoutMs,
    stopTimeoutMs: processes.stopTimeoutMs,
    niceness: processes.niceness,
    onOutput: (line) => events.emit("process_output", { model: manifest.name, pid: process.pid, line }),
  });
  return process;
}
