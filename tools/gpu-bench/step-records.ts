import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mostInterruptions, type Progress } from "./schedule.ts";
import type { Step } from "./steps.ts";

/** What is left of the steps of earlier calls, in the work folder. */
export class StepRecords {
  readonly #folder: string;

  constructor(work: string) {
    this.#folder = join(work, "steps");
    mkdirSync(this.#folder, { recursive: true });
  }

  progressOf({ name }: Pick<Step, "name">): Progress {
    if (existsSync(this.#path(name, "done"))) {
      return "done";
    }
    if (existsSync(this.#path(name, "failed")) || this.#interruptions(name) >= mostInterruptions) {
      return "failed";
    }
    return this.#interruptions(name) > 0 ? "interrupted" : "waiting";
  }

  /** @param output what it printed. */
  done(name: string, output: string): void {
    // Whole or not at all: a call may be cut off at any moment.
    const partial = this.#path(name, "partial");
    writeFileSync(partial, output);
    renameSync(partial, this.#path(name, "done"));
  }

  failed(name: string, reason: string): void {
    writeFileSync(this.#path(name, "failed"), reason);
  }

  /** Before it begins: a call that is cut off with it says nothing any more. */
  began(name: string): void {
    writeFileSync(this.#path(name, "begun"), String(this.#interruptions(name) + 1));
  }

  /** What a step that is done printed; null when it is not. */
  outputOf(name: string): string | null {
    return this.#read(name, "done");
  }

  /** Why there is no output. */
  reasonOf(name: string): string {
    return this.#read(name, "failed") ?? (this.#interruptions(name) > 0 ? "it was cut off" : "it was not begun");
  }

  #interruptions(name: string): number {
    return Number(this.#read(name, "begun") ?? 0);
  }

  #read(name: string, kind: string): string | null {
    const path = this.#path(name, kind);
    return existsSync(path) ? readFileSync(path, "utf8") : null;
  }

  #path(name: string, kind: string): string {
    return join(this.#folder, `${name}.${kind}`);
  }
}
