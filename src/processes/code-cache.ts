import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { audioDescriptors } from "./audio-protocol.ts";
import type { Sandbox } from "./sandbox.ts";
import { type SecureProgram, SecureSubprocess } from "./secure-subprocess.ts";

/** An idle machine needs a fifth of a second. */
const fillLimitMs = 30_000;

/**
 * What Node compiled of the program of audio processes: one that finds it starts in two thirds of the time, and one is
 * started for every upload. They may read it and nothing else.
 */
export class CodeCache {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Starts the program once, without an upload, and lets it write down what it compiled. Null when there is nothing then:
   * that costs time and nothing else.
   */
  static async build(sandbox: Sandbox, program: SecureProgram): Promise<CodeCache | null> {
    const folder = mkdtempSync(join(tmpdir(), "guardrail-code-"));
    const cache = new CodeCache(folder);
    // The program may run as another user.
    chmodSync(folder, 0o777);
    // The filter knows no call that makes a file.
    const layers = sandbox.filter((layer) => layer !== "seccomp");
    const filling = new SecureSubprocess(
      layers,
      { ...cache.#usedBy(program), writableFolder: folder },
      { input: "ignore", output: "ignore", others: ["pipe", "ignore"] },
    );
    filling.limitTime(fillLimitMs);
    // Nothing to do: it leaves.
    filling.writable(audioDescriptors.control).end();
    await filling.closed();
    chmodSync(folder, 0o755);
    if (readdirSync(folder).length > 0) {
      return cache;
    }
    cache.remove();
    return null;
  }

  /** The program, which finds the cache; without it where somebody has tidied the folder for temporary files up. */
  readableBy(program: SecureProgram): SecureProgram {
    if (!existsSync(this.#folder)) {
      return program;
    }
    const used = this.#usedBy(program);
    return { ...used, files: [...used.files, this.#folder] };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #usedBy(program: SecureProgram): SecureProgram {
    return { ...program, environment: { ...program.environment, NODE_COMPILE_CACHE: this.#folder } };
  }
}
