import { isDeepStrictEqual } from "node:util";
import type { Config } from "./config.ts";
import type { CanaryResult, EventBus } from "./events.ts";
import { DeviceRoom } from "./hardware/device-room.ts";
import type { Hardware } from "./hardware/hardware.ts";
import type { ModelConfig } from "./local-model.ts";
import { LocalSpeechModel } from "./local-speech-model.ts";
import { LocalTextModel } from "./local-text-model.ts";
import { openModelFolder, readManifest } from "./model-store/model-folder.ts";
import { OperatorError } from "./operator-error.ts";
import type { ModelDirectory } from "./tasks/served-model.ts";

/** A model of either task. */
export type AnyLocalModel = LocalTextModel | LocalSpeechModel;

/** The models of the configuration, by name. A reload replaces what changed and leaves the rest running. */
export class LocalModels implements ModelDirectory {
  readonly #config: () => Config;
  readonly #hardware: Hardware;
  readonly #room: DeviceRoom;
  readonly #events: EventBus;
  readonly #prove: (model: AnyLocalModel) => Promise<CanaryResult>;
  #models = new Map<string, AnyLocalModel>();
  /** Opened by a change that is not through yet. */
  readonly #opening = new Set<AnyLocalModel>();
  /** Left the directory, and finish accepted work. */
  readonly #leaving = new Set<AnyLocalModel>();
  #changes: Promise<unknown> = Promise.resolve();
  #isClosing = false;

  /** @param prove asks a model that is ready for an answer that is known, before it takes over from another. */
  constructor(
    config: () => Config,
    hardware: Hardware,
    events: EventBus,
    prove: (model: AnyLocalModel) => Promise<CanaryResult>,
  ) {
    this.#config = config;
    this.#hardware = hardware;
    this.#room = new DeviceRoom(hardware.devices);
    this.#events = events;
    this.#prove = prove;
  }

  list(): readonly AnyLocalModel[] {
    return [...this.#models.values()];
  }

  find(name: string): AnyLocalModel | null {
    return this.#models.get(name) ?? null;
  }

  /**
   * Makes the directory what `next` says. The first time it returns while models are still loading, unless a GPU is
   * required; later, what is new must be ready before it is swapped in, and what it replaces answers until then. Calls run
   * one after another.
   * @throws OperatorError when a model cannot be opened or started, or the one that a task is to use is not among them;
   * the directory is then as before.
   */
  apply(next: Config): Promise<void> {
    const change = this.#applyAfter(this.#changes, next);
    // The caller of this change hears how it ended; the next change starts from what is there.
    this.#changes = Promise.allSettled([change]);
    return change;
  }

  async #applyAfter(earlier: Promise<unknown>, next: Config): Promise<void> {
    await earlier;
    await this.#apply(next);
  }

  /** Finishes accepted work and stops everything. A change under way is given up. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#opening].map((model) => model.close()));
    await this.#changes;
    await Promise.all([...this.#models.values(), ...this.#leaving].map((model) => model.close()));
  }

  /** SIGKILL to every inference process. */
  kill(): void {
    this.#isClosing = true;
    for (const model of [...this.#models.values(), ...this.#opening, ...this.#leaving]) {
      model.kill();
    }
  }

  async #apply(next: Config): Promise<void> {
    try {
      const models = await this.#open(next);
      const opened = [...this.#opening];
      await Promise.all(opened.map((model) => model.start()));
      if (this.#models.size > 0 || next.hardware.requireGpu) {
        await Promise.all(opened.map((model) => this.#becomesReady(model)));
      }
      this.#swap(models);
    } catch (error) {
      await Promise.all([...this.#opening].map((model) => model.close()));
      throw error;
    } finally {
      this.#opening.clear();
    }
  }

  /** The models of a configuration by name: running ones that it does not change, and new ones. */
  async #open(next: Config): Promise<Map<string, AnyLocalModel>> {
    const models = new Map<string, AnyLocalModel>();
    for (const settings of next.models) {
      this.#requireOpen();
      const model = (await this.#unchanged(settings)) ?? (await this.#openOne(settings));
      const { name } = model.identity;
      if (models.has(name)) {
        throw new OperatorError(`two model folders hold a model named ${name}`);
      }
      models.set(name, model);
    }
    this.#requireOpen();
    checkTaskModels(next, models);
    return models;
  }

  /** @throws OperatorError once it is to close: nothing is opened or started any more. */
  #requireOpen(): void {
    if (this.#isClosing) {
      throw new OperatorError("the service is shutting down");
    }
  }

  #swap(models: Map<string, AnyLocalModel>): void {
    const replaced = this.list().filter((model) => models.get(model.identity.name) !== model);
    this.#models = models;
    for (const model of replaced) {
      this.#leaving.add(model);
      void model.close().finally(() => this.#leaving.delete(model));
    }
  }

  /** The running model of the same settings and the same manifest. */
  async #unchanged(settings: ModelConfig): Promise<AnyLocalModel | null> {
    const running = this.list().find((model) => isDeepStrictEqual(model.settings, settings));
    if (running === undefined) {
      return null;
    }
    const { digest } = await readManifest(settings.folder);
    return digest === running.identity.digest ? running : null;
  }

  async #openOne(settings: ModelConfig): Promise<AnyLocalModel> {
    const folder = await openModelFolder(settings.folder);
    const [config, hardware, room, events] = [this.#config, this.#hardware, this.#room, this.#events];
    const options = { folder, settings, config, hardware, room, events };
    const isText = folder.manifest.task === "text-classification";
    const model = await (isText ? LocalTextModel.open(options) : LocalSpeechModel.open(options));
    this.#opening.add(model);
    return model;
  }

  /**
   * Resolves when a successor can take over.
   * @throws OperatorError with what its processes said when it cannot, or with what its canary came to.
   */
  async #becomesReady(model: AnyLocalModel): Promise<void> {
    if (model.state() === "loading") {
      await new Promise<void>((resolve) => {
        const unsubscribe = this.#events.on("model_state_changed", () => {
          if (model.state() !== "loading") {
            unsubscribe();
            resolve();
          }
        });
      });
    }
    const { name, version } = model.identity;
    if (model.state() !== "ready") {
      throw new OperatorError(`the new ${name} ${version} cannot start: ${model.stateDetail()}`);
    }
    const result = await this.#prove(model);
    if (result !== "ok") {
      throw new OperatorError(`the new ${name} ${version} cannot be used: its canary came to "${result}"`);
    }
  }
}

/**
 * A service without any speech model is one that transcribes nothing; with one, `transcribe.model` must name it.
 * @throws OperatorError that names the setting and what is served.
 */
function checkTaskModels({ classify, transcribe }: Config, models: ReadonlyMap<string, AnyLocalModel>): void {
  const names = [...models.keys()].join(", ");
  if (models.get(classify.model)?.task !== "text-classification") {
    throw new OperatorError(`classify.model names no served text-classification model; served: ${names}`);
  }
  const speech = [...models.values()].filter(({ task }) => task === "automatic-speech-recognition");
  if (speech.length > 0 && !speech.some(({ identity }) => identity.name === transcribe.model)) {
    throw new OperatorError(`transcribe.model names no served automatic-speech-recognition model; served: ${names}`);
  }
}
