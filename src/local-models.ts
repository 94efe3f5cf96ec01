import { isDeepStrictEqual } from "node:util";
import type { Config } from "./config.ts";
import type { EventBus } from "./events.ts";
import { LocalModel, type ModelConfig } from "./local-model.ts";
import { readManifest } from "./model-store/model-folder.ts";
import type { ModelDirectory } from "./tasks/served-model.ts";

/** The models of the configuration, by name. A reload replaces what changed and leaves the rest running. */
export class LocalModels implements ModelDirectory {
  readonly #config: () => Config;
  readonly #events: EventBus;
  #models = new Map<string, LocalModel>();
  #changes: Promise<void> = Promise.resolve();
  /** Models that left the directory and still finish accepted work. */
  readonly #leaving = new Set<LocalModel>();

  constructor(config: () => Config, events: EventBus) {
    this.#config = config;
    this.#events = events;
  }

  list(): readonly LocalModel[] {
    return [...this.#models.values()];
  }

  find(name: string): LocalModel | null {
    return this.#models.get(name) ?? null;
  }

  /**
   * Makes the directory what the configuration says now. A changed model keeps answering until its successor is
   * ready. Calls run one after another.
   * @throws Error of the first model that cannot be opened or started; the directory is then as before.
   */
  apply(): Promise<void> {
    const change = this.#changes.then(() => this.#apply());
    this.#changes = change.catch(() => {
      // The caller of this change hears of it; the next change starts from what is there.
    });
    return change;
  }

  /** Finishes accepted work and stops everything. */
  async close(): Promise<void> {
    await this.#changes;
    await Promise.all([...this.#models.values(), ...this.#leaving].map((model) => model.close()));
  }

  /** SIGKILL to every inference process. */
  kill(): void {
    for (const model of [...this.#models.values(), ...this.#leaving]) {
      model.kill();
    }
  }

  async #apply(): Promise<void> {
    const opened: LocalModel[] = [];
    const next = new Map<string, LocalModel>();
    try {
      for (const settings of this.#config().models) {
        const model = (await this.#unchanged(settings)) ?? (await this.#open(settings, opened));
        if (next.has(model.identity.name)) {
          throw new Error(`two model folders hold a model named ${model.identity.name}`);
        }
        next.set(model.identity.name, model);
      }
    } catch (error) {
      await closeAll(opened);
      throw error;
    }
    const replaced = [...this.#models.values()].filter((model) => next.get(model.identity.name) !== model);
    try {
      await Promise.all(opened.map((model) => model.start()));
      await Promise.all(
        opened.filter((model) => this.#models.has(model.identity.name)).map((model) => this.#ready(model)),
      );
    } catch (error) {
      await closeAll(opened);
      throw error;
    }
    this.#models = next;
    for (const model of replaced) {
      this.#leaving.add(model);
      void model.close().finally(() => this.#leaving.delete(model));
    }
  }

  /** The running model of the same settings and the same manifest. */
  async #unchanged(settings: ModelConfig): Promise<LocalModel | null> {
    const running = this.list().find((model) => isDeepStrictEqual(model.settings, settings));
    if (running === undefined) {
      return null;
    }
    const { digest } = await readManifest(settings.folder);
    return digest === running.identity.digest ? running : null;
  }

  async #open(settings: ModelConfig, opened: LocalModel[]): Promise<LocalModel> {
    const model = await LocalModel.open(settings, this.#config, this.#events);
    opened.push(model);
    return model;
  }

  /**
   * Resolves when a successor can take over.
   * @throws Error with what its processes said when it cannot.
   */
  async #ready(model: LocalModel): Promise<void> {
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
    if (model.state() !== "ready") {
      throw new Error(`the new ${model.identity.name} ${model.identity.version} cannot start: ${model.stateDetail()}`);
    }
  }
}

async function closeAll(models: readonly LocalModel[]): Promise<void> {
  await Promise.all(models.map((model) => model.close()));
}
