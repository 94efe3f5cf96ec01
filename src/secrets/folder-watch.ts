import { type FSWatcher, watch } from "node:fs";

export interface FolderWatchOptions {
  /** Absolute paths. */
  readonly folders: readonly string[];
  /** The longest that a change can go unseen, in milliseconds: file systems may send no events. */
  readonly pollMs: number;
  readonly onLook: () => void;
}

/** One write makes several events; they are looked at together, after this many milliseconds. */
const gatherMs = 20;

/**
 * Asks for a look soon after something in one of the folders changes, and every `pollMs` whatever happens: events are
 * lost when a folder is replaced, when the system has no watches left, and on network file systems. Does not keep the
 * process alive.
 */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #poll: NodeJS.Timeout;
  #gathering: NodeJS.Timeout | null = null;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#watchMissing();
    this.#poll = setInterval(() => {
      this.#watchMissing();
      options.onLook();
    }, options.pollMs).unref();
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#gathering ?? undefined);
    for (const watcher of this.#watchers.values()) {
      watcher.close();
    }
    this.#watchers.clear();
  }

  #watchMissing(): void {
    for (const folder of this.#options.folders) {
      if (!this.#watchers.has(folder)) {
        this.#watch(folder);
      }
    }
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#gather());
      watcher.on("error", () => this.#forget(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      // Not there, or no watch is left: the polls see its changes, and try again to watch it.
    }
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  #gather(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = null;
      this.#options.onLook();
    }, gatherMs).unref();
  }
}
