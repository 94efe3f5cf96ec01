import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { constants } from "node:os";
import { Readable, Writable } from "node:stream";
import type { z } from "zod";
import { CappedOutput } from "./capped-output.ts";
import type { Sandbox } from "./sandbox.ts";
import { confine, pathInside, type ResourceLimits } from "./sandbox-command.ts";
import { seccompFilter } from "./seccomp-filter.ts";
import { yieldToParent } from "./yield-to-parent.ts";

/** An entry of the list of programs that may be started at all. */
export interface SecureProgram {
  /** Absolute path of the executable. */
  readonly path: string;
  /** The arguments, given where the program will find a file of the service. Nothing in them comes from a client. */
  readonly arguments: (locate: (file: string) => string) => readonly string[];
  /** What all of the arguments together must look like. */
  readonly argumentSchema: z.ZodType<readonly string[]>;
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute paths that it may read. */
  readonly files: readonly string[];
  /** Absolute path of the one folder, outside of the service's, in which it may write; none by default. */
  readonly writableFolder?: string;
  readonly root: string;
  readonly limits: ResourceLimits;
  readonly niceness: number;
}

/** A stream of ours to the subprocess, a file descriptor that it inherits, or nothing. */
export type Connection = "pipe" | "ignore" | number | Readable | Writable;

/** What a subprocess is connected to. */
export interface Connections {
  readonly input: Connection;
  readonly output: "pipe" | "ignore";
  /** File descriptors from 3 on. */
  readonly others?: readonly Connection[];
  /** Sees what it writes to standard error, in pieces. */
  readonly onErrorText?: (text: string) => void;
}

export interface SubprocessExit {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** What ended it, or the program inside its sandbox. */
  readonly signal: NodeJS.Signals | null;
  /** It was ended by this process. */
  readonly wasKilled: boolean;
}

const standardError = 2;
const maxErrorOutput = 16_384;
/** The longest that Node's timers can wait; more would be 1 ms. */
const longestTimerMs = 2 ** 31 - 1;
/** Both ends of each, and what Node starts a process with. */
const descriptorsPerPipe = 2;
const descriptorsToStart = 4;
/** A sandbox exits with this and the signal's number when a signal ends the program in it. */
const signalExitCode = 128;

/**
 * A program in a sandbox. It gets no shell, no environment of ours and no arguments but those that its schema knows; what
 * it writes to standard error is read to the end and kept in part. It dies with this process, by `kill`, at its time
 * limit, and at the limits of its resources.
 */
export class SecureSubprocess {
  readonly pid: number;
  readonly exited: Promise<SubprocessExit>;
  readonly #child: ChildProcess;
  readonly #errorOutput: CappedOutput;
  #hasEnded = false;
  #wasKilled = false;
  #timer: NodeJS.Timeout | null = null;

  /**
   * @throws Error when the arguments do not match the program's schema; with the code `EMFILE`, `ENFILE` or `EAGAIN` when
   * the system has no file descriptor or no process left.
   */
  constructor(sandbox: Sandbox, program: SecureProgram, { input, output, others = [], onErrorText }: Connections) {
    const locate = (file: string): string => pathInside(sandbox, program.root, file);
    const command = { ...program, arguments: program.argumentSchema.parse(program.arguments(locate)) };
    const connections: Connection[] = [input, output, "pipe", ...others];
    const filter = sandbox.includes("seccomp") ? seccompFilter() : null;
    const line = confine(sandbox, command, connections.length);
    // Node would leave some open that it made before it ran out of them.
    findFreeDescriptors(descriptorsPerPipe * (connections.length + 1) + descriptorsToStart);
    this.#child = spawn(line.path, line.arguments, {
      stdio: [...connections, ...(filter === null ? [] : ["pipe"])] as StdioOptions,
      cwd: "/",
      env: program.environment,
      // Its own session: what a terminal sends to this process's group is not meant for it.
      detached: true,
    });
    const { promise, resolve } = Promise.withResolvers<SubprocessExit>();
    this.exited = promise;
    this.pid = this.#child.pid ?? -1;
    this.#child.once("exit", (exitCode, signal) => resolve(this.#end(exitCode, signal)));
    this.#child.on("error", () => this.#child.pid === undefined && resolve(this.#end(null, null)));
    const shortage = shortageOf(this.#child);
    if (shortage !== null) {
      this.#streams?.forEach((stream) => stream?.destroy());
      throw Object.assign(new Error(`${line.path} could not be started (${shortage})`), { code: shortage });
    }
    this.#errorOutput = new CappedOutput(this.readable(standardError), maxErrorOutput, onErrorText);
    this.#streams?.forEach((stream) => stream?.on("error", ignoreBrokenPipe));
    if (this.#child.pid !== undefined) {
      yieldToParent(this.#child.pid, program.niceness);
    }
    if (filter !== null) {
      this.writable(connections.length).end(filter);
    }
  }

  /** The start of what it wrote to standard error. */
  get errorText(): string {
    return this.#errorOutput.text;
  }

  /** Resolves when it has ended and all of its standard error was read. */
  async closed(): Promise<SubprocessExit> {
    await this.#errorOutput.ended;
    return this.exited;
  }

  /** Our end of a pipe that it reads from. */
  writable(descriptor: number): Writable {
    const stream = this.#streams?.[descriptor];
    if (!(stream instanceof Writable)) {
      throw new Error(`file descriptor ${descriptor} of the subprocess is no pipe to it`);
    }
    return stream;
  }

  /** Our end of a pipe that it writes to. */
  readable(descriptor: number): Readable {
    const stream = this.#streams?.[descriptor];
    if (!(stream instanceof Readable)) {
      throw new Error(`file descriptor ${descriptor} of the subprocess is no pipe from it`);
    }
    return stream;
  }

  /** From now on it may live for so long, 24 days at most. */
  limitTime(ms: number): void {
    if (!this.#hasEnded) {
      this.#timer = setTimeout(() => this.kill(), Math.min(ms, longestTimerMs));
    }
  }

  /** SIGKILL, to it and all that it started. */
  kill(): void {
    this.#wasKilled = true;
    if (!this.#hasEnded) {
      this.#killGroup();
    }
  }

  #killGroup(): void {
    try {
      // It leads a group of its own, whose number is its own. Without a number it was not started.
      process.kill(-(this.#child.pid ?? Number.NaN), "SIGKILL");
    } catch {
      // Nobody is left in it.
    }
  }

  /** Without a file descriptor for them, Node makes none, whatever its types say. */
  get #streams(): readonly (Readable | Writable | null | undefined)[] | undefined {
    return this.#child.stdio;
  }

  #end(exitCode: number | null, signal: NodeJS.Signals | null): SubprocessExit {
    this.#hasEnded = true;
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
    }
    // Bubblewrap that is killed while it starts leaves a process behind, which would wait for it for ever.
    this.#killGroup();
    const inner = signal ?? signalInside(exitCode);
    return { exitCode: inner === null ? exitCode : null, signal: inner, wasKilled: this.#wasKilled };
  }
}

/** @throws Error `EMFILE` or `ENFILE` when there are not so many. */
function findFreeDescriptors(count: number): void {
  const found: number[] = [];
  try {
    while (found.length < count) {
      found.push(openSync("/dev/null", "r"));
    }
  } finally {
    found.forEach((descriptor) => closeSync(descriptor));
  }
}

/** What the system had too little of to start the process, as an error code; null when that was not the reason. */
function shortageOf({ pid, stdio, spawnfile }: ChildProcess): string | null {
  if (pid !== undefined) {
    return null;
  }
  // The error itself comes later. Of those that Node does not throw, all others are about the program's file.
  const streams: unknown = stdio;
  return streams === undefined ? "EMFILE" : existsSync(spawnfile) ? "EAGAIN" : null;
}

/** The signal that ended the program in a sandbox. FFmpeg has exit codes of its own above 128, beyond the signals. */
function signalInside(exitCode: number | null): NodeJS.Signals | null {
  const number = (exitCode ?? 0) - signalExitCode;
  const [name = null] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return name as NodeJS.Signals | null;
}

/** The end of a process breaks its pipes; its exit says what there is to say. */
function ignoreBrokenPipe(): void {}
