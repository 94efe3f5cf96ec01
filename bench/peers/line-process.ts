import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** How long a peer may take to load its model. */
const startTimeoutMs = 300_000;

/** A program that answers each line of JSON on its input with one on its output, the first of them when it is ready. */
export class LineProcess implements Disposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  /** Rejects when it cannot be started; never resolves. */
  readonly #failed: Promise<never>;
  #firstAnswer: unknown;

  /** @throws Error when it ends before it is ready. */
  static async start(command: readonly string[], environment: Readonly<Record<string, string>>): Promise<LineProcess> {
    const peer = new LineProcess(command, environment);
    const timer = setTimeout(() => peer[Symbol.dispose](), startTimeoutMs);
    try {
      peer.#firstAnswer = await peer.#answer();
    } finally {
      clearTimeout(timer);
    }
    return peer;
  }

  private constructor([file = "", ...args]: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#child = spawn(file, args, {
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#failed = once(this.#child, "error").then(([error]) => {
      throw error;
    });
    this.#failed.catch(() => {
      // Whoever waits for an answer hears of it.
    });
  }

  /** What it said when it was ready. */
  get firstAnswer(): unknown {
    return this.#firstAnswer;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** One request at a time. @throws Error when it ends instead of answering. */
  ask(request: unknown): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#answer();
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }

  async #answer(): Promise<unknown> {
    const line = await Promise.race([this.#lines.next(), this.#failed]);
    if (line.done === true) {
      throw new Error(`${this.#child.spawnfile} ended without an answer`);
    }
    return JSON.parse(line.value) as unknown;
  }
}
