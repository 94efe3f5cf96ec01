import type { Config } from "../config.ts";
import { type CanaryResult, type EventBus, isWantedExit, type ModelId } from "../events.ts";
import { canaryClient } from "./canary.ts";
import { Collector } from "./collector.ts";
import { EventLoopDelay } from "./event-loop-delay.ts";
import { MachineWatch } from "./machine-watch.ts";
import { ModelWatch } from "./model-watch.ts";
import type { MonitoredModel } from "./monitored-model.ts";

export interface HealthWatchOptions {
  readonly settings: () => Config["health"];
  readonly models: () => readonly MonitoredModel[];
  readonly events: EventBus;
  /** Called after each look: what is known may have changed. */
  readonly onLook: () => void;
}

/** Looks in a period: often enough that what is due is not late by much. */
const looksPerPeriod = 8;
const longestLookMs = 1_000;

/** Hashing gigabytes from a slow disk takes this long, in milliseconds. */
const filesTimeoutMs = 300_000;

/** Finds out in the background all that the probes tell at once when they are asked. */
export class HealthWatch {
  readonly machine: MachineWatch;
  readonly #options: HealthWatchOptions;
  readonly #watches = new Map<ModelId, ModelWatch>();
  readonly #eventLoop = new EventLoopDelay();
  readonly #files: Collector<void>;
  readonly #unsubscribe: readonly (() => void)[];
  #timer: NodeJS.Timeout | null = null;
  #collectedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: HealthWatchOptions) {
    const { settings, models, events } = options;
    this.#options = options;
    this.machine = new MachineWatch({
      settings,
      modelPids: () => new Map(models().flatMap(({ identity, pids }) => pids.map((pid) => [pid, identity.name]))),
      modelFolders: () => models().map(({ folder }) => folder.path),
      takesUploads: () => models().some(({ task }) => task === "automatic-speech-recognition"),
      events,
    });
    this.#files = new Collector({
      name: "model_files",
      collect: () => this.#checkFiles(),
      minimal: () => {},
      timeoutMs: () => filesTimeoutMs,
      keepMs: () => Number.POSITIVE_INFINITY,
      events,
    });
    this.#unsubscribe = this.#subscribe(events);
  }

  /** The watches of the models that are served now. */
  get models(): readonly ModelWatch[] {
    return this.#options.models().map((model) => this.watchOf(model));
  }

  /** Delay of the event loop, in milliseconds. */
  get eventLoopDelayMs(): number {
    return this.#eventLoop.milliseconds;
  }

  /** Why the event loop counts as lagging; empty when it does not. */
  eventLoopDetail(): string {
    const { maxEventLoopDelayMs } = this.#options.settings();
    const delayMs = Math.round(this.#eventLoop.milliseconds);
    return delayMs > maxEventLoopDelayMs ? `turns of the event loop are late by up to ${delayMs} ms` : "";
  }

  /** Of a model that is served, or about to be. */
  watchOf(model: MonitoredModel): ModelWatch {
    const known = this.#watches.get(model.id);
    if (known !== undefined) {
      return known;
    }
    const watch = new ModelWatch(model, this.#options.settings, this.#options.events);
    this.#watches.set(model.id, watch);
    return watch;
  }

  /** Asks a model its canary before it is served. */
  prove(model: MonitoredModel): Promise<CanaryResult> {
    return this.watchOf(model).askCanary();
  }

  /** Does what is due now, without waiting for what comes of it, and again from time to time. */
  look(now: number = performance.now()): void {
    if (this.#isClosed) {
      return;
    }
    const { periodMs } = this.#options.settings();
    this.#eventLoop.update(periodMs / 2, now);
    this.#forgetOldModels();
    for (const watch of this.models) {
      if (watch.isCanaryDue(now)) {
        void watch.askCanary().then(() => this.#options.onLook());
      }
    }
    if (now - this.#collectedAt >= periodMs) {
      this.#collectedAt = now;
      void Promise.all([this.machine.collect(), this.#files.collect()]).then(() => this.#options.onLook());
    }
    this.#options.onLook();
    this.#planLook(Math.min(longestLookMs, periodMs / looksPerPeriod));
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
    }
    this.#unsubscribe.forEach((unsubscribe) => unsubscribe());
    this.#watches.forEach((watch) => watch.close());
    this.#eventLoop.close();
  }

  #planLook(delayMs: number): void {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => this.look(), delayMs);
    this.#timer.unref();
  }

  #subscribe(events: EventBus): (() => void)[] {
    return [
      events.on("answer_checked", ({ modelId, isValid }) => {
        this.#find(modelId)?.answered(isValid, performance.now());
      }),
      events.on("process_exited", ({ modelId, pid, reason }) => {
        const watch = this.#find(modelId);
        if (watch !== undefined && !isWantedExit(reason)) {
          watch.restarts++;
          watch.respawns.exited(pid, performance.now());
        }
      }),
      events.on("window_poisoned", ({ modelId, pids, client }) => {
        // What the service itself asked is known to be harmless: that a process ended under it explains nothing.
        if (client !== canaryClient.address) {
          this.#find(modelId)?.respawns.explain(pids, client, performance.now());
        }
      }),
      events.on("model_state_changed", () => {
        // Its processes are new: what is known of the machine is not up to date either.
        this.#collectedAt = Number.NEGATIVE_INFINITY;
        this.look();
      }),
    ];
  }

  #find(modelId: ModelId): ModelWatch | undefined {
    return this.#watches.get(modelId) ?? this.models.find(({ model }) => model.id === modelId);
  }

  async #checkFiles(): Promise<void> {
    for (const watch of this.models) {
      watch.filesDetail = await watch.files.check();
    }
  }

  /** Those that a reload took out. What is being proved is not served yet, and stays. */
  #forgetOldModels(): void {
    const served = new Set(this.#options.models());
    for (const [modelId, watch] of this.#watches) {
      if (!served.has(watch.model) && watch.model.state() === "stopped") {
        watch.close();
        this.#watches.delete(modelId);
      }
    }
  }
}
