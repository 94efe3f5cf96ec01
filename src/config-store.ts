import { statSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { ConfigError, describeProblem } from "./config/config-error.ts";
import type { LoadedConfig } from "./config/load-config.ts";
import { type Config, keysThatNeedRestart } from "./config.ts";
import type { EventBus } from "./events.ts";
import { OperatorError } from "./operator-error.ts";

/**
 * The configuration that is in force. A reload builds a new one, has everything prepared that it needs, and swaps it
 * whole, or keeps the old one and says why; whoever took `current()` keeps a consistent one.
 */
export class ConfigStore {
  readonly #load: () => LoadedConfig;
  readonly #events: EventBus;
  readonly #prepare: (next: Config) => Promise<void>;
  #loaded: LoadedConfig;
  #fingerprint: string;
  #timer: NodeJS.Timeout | undefined;
  /** The end of the last reload that was asked for. */
  #reloads: Promise<void> = Promise.resolve();

  /**
   * @param prepare Gets ready whatever the next configuration needs, before it is in force. When it rejects, the old one
   * stays; the error's message is for the operator. It is not asked for the first configuration.
   * @throws {ConfigError} when the first configuration is not valid.
   */
  constructor(
    load: () => LoadedConfig,
    events: EventBus,
    prepare: (next: Config) => Promise<void> = () => Promise.resolve(),
  ) {
    this.#load = load;
    this.#events = events;
    this.#prepare = prepare;
    this.#loaded = load();
    this.#fingerprint = fingerprintOf(this.#loaded.files);
  }

  current(): Config {
    return this.#loaded.config;
  }

  /**
   * Emits `config_reloaded` with the keys that changed, or `config_rejected` with the problems, and resolves then. Never
   * rejects. Calls run one after another.
   */
  reload(): Promise<void> {
    this.#reloads = this.#reloads.then(() => this.#reload());
    return this.#reloads;
  }

  /**
   * Reloads whenever a file changes. The files are looked at again and again by their path, which follows editors that
   * rename, ConfigMaps that swap a link, and file systems that send no change events.
   */
  watch(intervalMs = 1_000): void {
    this.close();
    this.#timer = setInterval(() => {
      const fingerprint = fingerprintOf(this.#loaded.files);
      if (fingerprint !== this.#fingerprint) {
        // Seen: while this reload waits or is being prepared, the next look asks for no other one.
        this.#fingerprint = fingerprint;
        void this.reload();
      }
    }, intervalMs).unref();
  }

  /** Stops watching. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #reload(): Promise<void> {
    // Taken before the files are read: a change that comes meanwhile is then seen at the next look.
    this.#fingerprint = fingerprintOf(this.#loaded.files);
    try {
      const loaded = this.#load();
      const changed = changedKeys(this.#loaded.config, loaded.config);
      const fixed = changed.filter((key) => keysThatNeedRestart.includes(key));
      if (fixed.length > 0) {
        throw new ConfigError(fixed.map((key) => ({ key, source: null, message: "needs a restart" })));
      }
      await this.#prepare(loaded.config);
      this.#loaded = loaded;
      this.#events.emit("config_reloaded", { changed });
    } catch (error) {
      this.#events.emit("config_rejected", { problems: problemsOf(error) });
      if (!(error instanceof ConfigError || error instanceof OperatorError)) {
        // Nobody foresaw it: where it came from matters too.
        this.#events.emit("error_occurred", { where: "config_reload", error });
      }
    }
  }
}

/** Nothing that a reload reads or opens holds what clients sent, so that any message may be told. */
function problemsOf(error: unknown): string[] {
  if (error instanceof ConfigError) {
    return error.problems.map(describeProblem);
  }
  return [error instanceof Error ? error.message : "the reload failed"];
}

/** Differs whenever one of the files was written, replaced, removed or made again. */
function fingerprintOf(files: readonly string[]): string {
  return files.map(fileFingerprint).join(" ");
}

function fileFingerprint(file: string): string {
  try {
    const facts = statSync(file, { bigint: true });
    return `${facts.dev}:${facts.ino}:${facts.size}:${facts.mtimeNs}:${facts.ctimeNs}`;
  } catch (error) {
    // A file that is gone is a change like any other; the reload then says what is wrong.
    return String(error);
  }
}

function changedKeys(before: unknown, after: unknown, path: readonly string[] = []): string[] {
  if (isDeepStrictEqual(before, after)) {
    return [];
  }
  if (!isSection(before) || !isSection(after)) {
    return [path.join(".")];
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => changedKeys(before[key], after[key], [...path, key]));
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
