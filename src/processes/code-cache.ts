import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemErrorCode } from "../system-error-code.ts";
import { audioDescriptors } from "./audio-protocol.ts";
import type { Sandbox } from "./sandbox.ts";
import { type SecureProgram, SecureSubprocess } from "./secure-subprocess.ts";

/** What the folders of caches are called: the number of their service comes next, so that it can be seen to be gone. */
const folderName = /^guardrail-code-(\d+)-/;

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
    removeLeftovers();
    const folder = mkdtempSync(join(tmpdir(), `guardrail-code-${process.pid}-`));
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

/** The folders of services that were killed. One in another container may lose its own so, and does without. */
function removeLeftovers(): void {
  for (const name of namesIn(tmpdir())) {
    const [, pid] = folderName.exec(name) ?? [];
    const folder = join(tmpdir(), name);
    try {
      if (pid !== undefined && isLeftOver(folder, Number(pid))) {
        rmSync(folder, { recursive: true });
      }
    } catch {
      // Gone meanwhile.
    }
  }
}

/** None where the folder may be written to and not listed, as some systems want it for temporary files. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** In a container each service has the number of the one before it. What another user made is not touched. */
function isLeftOver(folder: string, pid: number): boolean {
  const { uid, mtimeMs } = lstatSync(folder);
  const isOver = pid === process.pid ? mtimeMs < performance.timeOrigin : !isRunning(pid);
  return isOver && uid === process.getuid?.();
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) !== "ESRCH";
  }
}
