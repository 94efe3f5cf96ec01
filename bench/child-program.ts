import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { getRequest } from "./load/classify-request.ts";
import { HttpConnection } from "./load/http-connection.ts";
import { projectRoot } from "./project.ts";

export interface ProgramSettings {
  readonly command: readonly string[];
  /** On top of this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Asked until it answers with `readyStatus`, or with anything when that is null. */
  readonly readyPath: string;
  readonly readyStatus: number | null;
  readonly port: number;
  /** How long it may take to get ready; a minute when absent: a Python peer on a busy machine is the slowest. */
  readonly readyTimeoutMs?: number;
}

const defaultReadyTimeoutMs = 60_000;
/** How long a program may take to end after SIGTERM. */
const stopTimeoutMs = 30_000;
const readyPollMs = 5;

const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach(killGroup));
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

/** A server that a benchmark starts and stops: in its own process group, its output in a file. */
export class ChildProgram implements AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** From the spawn to the first answer that says ready. */
  readonly readyMs: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  /** Resolves when it is ready. @throws Error with the end of its output when it ends or takes too long. */
  static async start(settings: ProgramSettings): Promise<ChildProgram> {
    const folder = mkdtempSync(join(tmpdir(), "bench-"));
    const output = openSync(outputFile(folder), "w");
    const [file = "", ...args] = settings.command;
    const startedAt = performance.now();
    const child = spawn(file, args, {
      cwd: projectRoot,
      env: { ...process.env, ...settings.environment },
      stdio: ["ignore", output, output],
      detached: true,
    });
    closeSync(output);
    running.add(child);
    child.once("exit", () => running.delete(child));
    child.once("error", () => running.delete(child));
    try {
      await untilReady(child, settings, startedAt + (settings.readyTimeoutMs ?? defaultReadyTimeoutMs));
    } catch (error) {
      killGroup(child);
      const end = readFileSync(outputFile(folder), "utf8").slice(-2000);
      rmSync(folder, { recursive: true });
      throw new Error(`${settings.command.join(" ")} did not get ready; its output ends with:\n${end}`, {
        cause: error,
      });
    }
    return new ChildProgram(child, folder, settings.port, performance.now() - startedAt);
  }

  private constructor(child: ChildProcess, folder: string, port: number, readyMs: number) {
    this.#child = child;
    this.#folder = folder;
    this.pid = child.pid ?? -1;
    this.port = port;
    this.readyMs = readyMs;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it has written so far. */
  output(): string {
    return readFileSync(outputFile(this.#folder), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isAlive) {
      const exited = once(this.#child, "exit");
      signalGroup(this.#child, "SIGTERM");
      const timer = new AbortController();
      await Promise.race([exited, setTimeout(stopTimeoutMs, undefined, { signal: timer.signal })]);
      timer.abort();
    }
    // Whatever it left behind.
    killGroup(this.#child);
    rmSync(this.#folder, { recursive: true });
  }
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") {
    throw new Error("the system gave no port");
  }
  return address.port;
}

async function untilReady(child: ChildProcess, settings: ProgramSettings, until: number): Promise<void> {
  const failed = once(child, "error").then(([error]) => {
    throw error;
  });
  failed.catch(() => {
    // A program that cannot be started is noticed below, where it is waited for.
  });
  while (performance.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`);
    }
    if (await Promise.race([isReady(settings), failed])) {
      return;
    }
    await setTimeout(readyPollMs);
  }
  throw new Error("it was not ready in time");
}

async function isReady({ port, readyPath, readyStatus }: ProgramSettings): Promise<boolean> {
  const connection = new HttpConnection(port);
  try {
    const { status } = await connection.send(getRequest(port, readyPath));
    return readyStatus === null || status === readyStatus;
  } catch {
    // Nobody listens yet.
    return false;
  } finally {
    connection.close();
  }
}

function killGroup(child: ChildProcess): void {
  signalGroup(child, "SIGKILL");
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // No process of the group is left.
  }
}

function outputFile(folder: string): string {
  return join(folder, "output");
}
