import { statSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { ConfigError, describeProblem } from "./config/config-error.ts";
import type { LoadedConfig } from "./config/load-config.ts";
import { type Config, keysThatNeedRestart } from "./config.ts";
import type { EventBus } from "./events.ts";

/**
 * The configuration that is in force. A reload builds a new one and swaps it whole, or keeps the old one and says why;
 * whoever took `current()` keeps a consistent one.
 */
export class ConfigStore {
  readonly #load: () => LoadedConfig;
  readonly #events: EventBus;
  #loaded: LoadedConfig;
  #fingerprint: string;
  #timer: NodeJS.Timeout | undefined;

  /** @throws {ConfigError} when the first configuration is not valid. */
  constructor(load: () => LoadedConfig, events: EventBus) {
    this.#load = load;
    this.#events = events;
    this.#loaded = load();
    this.#fingerprint = fingerprintOf(this.#loaded.files);
  }

  current(): Config {
    return this.#loaded.config;
  }

  /** Emits `config_reloaded` with the keys that changed, or `config_rejected` with the problems. Never throws. */
  reload(): void {
    // Taken before the files are read: a change that comes meanwhile is then seen at the next look.
    this.#fingerprint = fingerprintOf(this.#loaded.files);
    try {
      const loaded = this.#load();
      const changed = changedKeys(this.#loaded.config, loaded.config);
      const fixed = changed.filter(needsRestart);
      if (fixed.length > 0) {
        throw new ConfigError(fixed.map((key) => ({ key, source: null, message: "needs a restart" })));
      }
      this.#loaded = loaded;
      this.#events.emit("config_reloaded", { changed });
    } catch (error) {
      if (error instanceof ConfigError) {
        this.#events.emit("config_rejected", { problems: error.problems.map(describeProblem) });
      } else {
        this.#events.emit("error_occurred", { where: "config reload", error });
      }
    }
  }

  /**
   * Reloads whenever a file changes. The files are looked at again and again by their path, which follows editors that
   * rename, ConfigMaps that swap a link, and file systems that send no change events.
   */
  watch(intervalMs = 1_000): void {
    this.close();
    this.#timer = setInterval(() => {
      if (fingerprintOf(this.#loaded.files) !== this.#fingerprint) {
        this.reload();
      }
    }, intervalMs).unref();
  }

  /** Stops watching. */
  close(): void {
    clearInterval(this.#timer);
  }
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

function needsRestart(key: string): boolean {
  return keysThatNeedRestart.some((fixed) => key === fixed || key.startsWith(`${fixed}.`));
}
