import { type ChildProcess, fork } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ProcessExitReason } from "../events.ts";
import { gpuEnvironment, type VisibleGpu } from "./gpu-environment.ts";
import { parentDeathSignal } from "./parent-death-signal.ts";
import {
  type CancelMessage,
  type ChildMessage,
  type LoadMessage,
  parseChildMessage,
  type ReadyMessage,
  type ResultMessage,
  type RunFailedMessage,
  type RunFailureKind,
  type RunMessage,
  type WindowInput,
} from "./protocol.ts";
import { RunLimit } from "./run-limit.ts";
import { yieldToParent } from "./yield-to-parent.ts";

export interface InferenceProcessSettings {
  /** The program to fork. */
  readonly entry: URL;
  readonly load: LoadMessage;
  /** From the fork to ready, in milliseconds. */
  readonly startTimeoutMs: number;
  /** From the request to leave until SIGKILL, in milliseconds. */
  readonly stopTimeoutMs: number;
  /** Added to the scheduling niceness (0–19), so that the API process stays responsive on a busy machine. */
  readonly niceness: number;
  /** Null for a process that computes on the CPU. */
  readonly gpu: VisibleGpu | null;
  /** Why a process that says that it is ready must not be used; null when it may be. Without it, all may. */
  readonly objectionTo?: (ready: ReadyMessage) => string | null;
  /**
   * Asks a process that says that it is ready, and would be: resolves with why its answers must not be used, null when they
   * may be. Within the time limit of the start. Without it, nothing is asked.
   */
  readonly prove?: (run: RunWindows) => Promise<string | null>;
  /** A line that the process wrote to its standard output or error. */
  readonly onOutput: (line: string) => void;
}

export interface ProcessExit {
  readonly reason: ProcessExitReason;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What the process said of its failed load, or the number of the error that lost its device, for the operator. */
  readonly detail: string | null;
  /** From our SIGKILL to the exit, in milliseconds; null when it was not killed by us. */
  readonly killMs: number | null;
}

/** The process ended before its run did. */
export class ProcessExitedError extends Error {
  override readonly name = "ProcessExitedError";
  readonly exit: ProcessExit;

  constructor(exit: ProcessExit) {
    super(`the inference process ended: ${exit.reason}`);
    this.exit = exit;
  }
}

/** The run failed in a process that is still sound. */
export class RunFailedError extends Error {
  override readonly name = "RunFailedError";
  readonly kind: SoundFailureKind;

  constructor(message: string, kind: SoundFailureKind) {
    super(message);
    this.kind = kind;
  }
}

/** Of a run after which its process can go on. */
type SoundFailureKind = Exclude<RunFailureKind, "device_lost">;

/** @throws ProcessExitedError, RunFailedError */
export type RunWindows = (inputs: readonly WindowInput[]) => Promise<ResultMessage>;

interface PendingRun {
  readonly resolve: (result: ResultMessage) => void;
  readonly reject: (error: Error) => void;
  readonly limit: RunLimit;
  /** Signs of progress so far. */
  signs: number;
}

/** All that is told of a run's failure: the rest of its message may come from what clients sent. */
const failureNumber = /\b(?:CUDA|CUBLAS|CUDNN|CUDNN_FE) failure \d{1,5}\b/;

/** Longest line of a process's output that is passed on, in characters. */
const maxOutputLineLength = 2000;

/**
 * One forked child that runs one instance of a model.
 *
 * starting → (on trial →) ready → exited, or exited before it is ready. It exits when it crashes, when it is stopped, and when it is killed:
 * for a start or a run without progress past its limit, for a message that breaks the protocol, or once it has lost its
 * device.
 */
export class InferenceProcess {
  readonly pid: number;
  /** Resolves with the device in use; rejects with `ProcessExitedError`. */
  readonly ready: Promise<string>;
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  readonly #settings: InferenceProcessSettings;
  readonly #runs = new Map<number, PendingRun>();
  readonly #startTimer: NodeJS.Timeout;
  #nextRunId = 1;
  #device = "";
  #answersInOneRun = false;
  #lastSignAt = 0;
  /** It is asked what is to prove it. */
  #isOnTrial = false;
  #isReady = false;
  #hasExited = false;
  #killReason: ProcessExitReason | null = null;
  #killedAt: number | null = null;
  #detail: string | null = null;
  readonly #settleReady: { resolve: (device: string) => void; reject: (error: Error) => void };

  constructor(settings: InferenceProcessSettings) {
    this.#settings = settings;
    this.#child = forkBehindParentDeathSignal(settings);
    this.pid = this.#child.pid ?? -1;
    const ready = Promise.withResolvers<string>();
    const exited = Promise.withResolvers<ProcessExit>();
    this.ready = ready.promise;
    // Whoever only watches `exited` must not meet an unhandled rejection of `ready`.
    this.ready.catch(() => {});
    this.exited = exited.promise;
    this.#settleReady = ready;
    this.#startTimer = setTimeout(() => {
      // As for runs: it may have become ready during a pause of this process.
      setImmediate(() => this.#isReady || this.kill("start_timeout"));
    }, settings.startTimeoutMs);
    this.#child.on("message", (message) => this.#receive(message));
    this.#child.once("disconnect", () => this.#loseChannel());
    this.#child.once("exit", (exitCode, signal) => exited.resolve(this.#end(exitCode, signal)));
    this.#child.on("error", (error) => {
      this.#detail ??= error.message;
      if (this.#child.pid === undefined) {
        exited.resolve(this.#end(null, null));
      }
    });
    // Without a pid it could not be started, for want of file descriptors perhaps, and has neither channel nor output.
    if (this.#child.pid !== undefined) {
      this.#child.send(settings.load, ignoreClosedChannel);
      passOnLines(this.#child.stdout, settings.onOutput);
      passOnLines(this.#child.stderr, settings.onOutput);
      yieldToParent(this.#child.pid, settings.niceness);
    }
  }

  /** In use; empty before it is ready. */
  get device(): string {
    return this.#device;
  }

  /** Whether a batch is one run, where its windows allow it, and not many steps; false before it is ready. */
  get answersInOneRun(): boolean {
    return this.#answersInOneRun;
  }

  /** UUID of the one GPU, or slice of one, that it can see; null on the CPU. */
  get gpu(): string | null {
    return this.#settings.gpu?.uuid ?? null;
  }

  get isReady(): boolean {
    return this.#isReady && !this.#hasExited && this.#killReason === null;
  }

  /** When it last reported progress within a run, on the clock of `performance.now()`; 0 before the first time. */
  get lastSignAt(): number {
    return this.#lastSignAt;
  }

  /**
   * Runs one batch, beside others if there are any. Without a result or a sign of progress for `limitMs`, not counting its
   * waits for a processor, the process is killed. When `interruption` aborts, a run of several steps ends early, with a `RunFailedError`.
   * @throws ProcessExitedError, RunFailedError
   */
  run(inputs: readonly WindowInput[], limitMs: number, interruption?: AbortSignal): Promise<ResultMessage> {
    if (!this.isReady) {
      return Promise.reject(new ProcessExitedError(this.#describeExit(null, null)));
    }
    return this.#run(inputs, limitMs, interruption);
  }

  #run(inputs: readonly WindowInput[], limitMs: number, interruption?: AbortSignal): Promise<ResultMessage> {
    const id = this.#nextRunId++;
    const { promise, resolve, reject } = Promise.withResolvers<ResultMessage>();
    const limit = new RunLimit({ pid: this.pid, limitMs, onExceeded: () => this.#killUnlessHeardOf(id) });
    this.#runs.set(id, { resolve, reject, limit, signs: 0 });
    const message: RunMessage = { type: "run", id, inputs };
    this.#child.send(message, ignoreClosedChannel);
    if (interruption !== undefined) {
      this.#cancelAt(interruption, id, promise);
    }
    return promise;
  }

  #cancelAt(interruption: AbortSignal, id: number, result: Promise<unknown>): void {
    const message: CancelMessage = { type: "cancel", id };
    const cancel = (): void => void this.#child.send(message, ignoreClosedChannel);
    const forget = (): void => interruption.removeEventListener("abort", cancel);
    interruption.addEventListener("abort", cancel, { once: true });
    result.then(forget, forget);
  }

  /** SIGKILL: the only thing that ends a process stuck in native code. The first reason given is kept. */
  kill(reason: ProcessExitReason): void {
    this.#killReason ??= reason;
    this.#killedAt ??= performance.now();
    this.#child.kill("SIGKILL");
  }

  /** Asks the process to leave by closing its channel; kills it when it has not after the time limit. */
  async stop(reason: "stopped" | "replaced" = "stopped"): Promise<void> {
    this.#killReason ??= reason;
    if (this.#child.connected) {
      this.#child.disconnect();
    }
    const timer = setTimeout(() => this.kill(reason), this.#settings.stopTimeoutMs);
    await this.exited;
    clearTimeout(timer);
  }

  /** After a pause of this whole process timers come first: what the child sent meanwhile is heard before judging it. */
  #killUnlessHeardOf(id: number): void {
    const signs = this.#runs.get(id)?.signs;
    setImmediate(() => {
      const run = this.#runs.get(id);
      if (run !== undefined && run.signs === signs) {
        this.kill("no_progress");
      }
    });
  }

  #receive(value: unknown): void {
    if (this.#killReason === "protocol_violation") {
      return;
    }
    const message = parseChildMessage(value);
    if (message === null || !this.#accept(message)) {
      this.kill("protocol_violation");
    }
  }

  /** False when the message has no place in the conversation, such as a second answer to one run. */
  #accept(message: ChildMessage): boolean {
    if (message.type === "ready") {
      return this.#becomeReady(message);
    }
    if (message.type === "load_failed") {
      return this.#failLoad(message.error.message);
    }
    const run = this.#runs.get(message.id);
    if (run === undefined) {
      return false;
    }
    if (message.type === "progress") {
      run.signs++;
      this.#lastSignAt = performance.now();
      run.limit.restart();
      return true;
    }
    if (message.type === "run_failed") {
      this.#failRun(message, run);
    } else {
      this.#endRun(message.id, run);
      run.resolve(message);
    }
    return true;
  }

  #failRun({ id, kind, error }: RunFailedMessage, run: PendingRun): void {
    if (kind === "device_lost") {
      // Every further call would fail: this run ends with the process, as the others do that are under way.
      this.#detail ??= failureNumber.exec(error.message)?.[0] ?? null;
      this.kill(kind);
      return;
    }
    this.#endRun(id, run);
    run.reject(new RunFailedError(error.message, kind));
  }

  #endRun(id: number, { limit }: PendingRun): void {
    this.#runs.delete(id);
    limit.end();
  }

  #becomeReady(message: ReadyMessage): boolean {
    if (this.#isReady || this.#isOnTrial) {
      return false;
    }
    const objection = this.#settings.objectionTo?.(message) ?? null;
    if (objection !== null) {
      this.#detail = objection;
      this.kill("load_failed");
      return true;
    }
    const { prove } = this.#settings;
    if (prove === undefined) {
      this.#takeOn(message);
    } else if (this.#killReason === null) {
      this.#isOnTrial = true;
      void this.#try(prove, message);
    }
    return true;
  }

  async #try(prove: (run: RunWindows) => Promise<string | null>, message: ReadyMessage): Promise<void> {
    try {
      const objection = await prove((inputs) => this.#run(inputs, this.#settings.startTimeoutMs));
      this.#isOnTrial = false;
      if (objection === null) {
        this.#takeOn(message);
      } else {
        this.#detail = objection;
        this.kill("wrong_answers");
      }
    } catch (error) {
      // What it was asked came from no client: its words may be told. One that has exited has said why.
      this.#detail ??= error instanceof Error ? error.message : "it could not be asked";
      this.kill("load_failed");
    }
  }

  #takeOn({ device, answersInOneRun }: ReadyMessage): void {
    // When its kill is on the way already, ready comes too late.
    if (this.#killReason === null && !this.#hasExited) {
      this.#isReady = true;
      this.#device = device;
      this.#answersInOneRun = answersInOneRun;
      clearTimeout(this.#startTimer);
      this.#settleReady.resolve(device);
    }
  }

  #failLoad(detail: string): boolean {
    if (this.#isReady) {
      return false;
    }
    this.#detail = detail;
    this.#killReason ??= "load_failed";
    return true;
  }

  /** Nobody can reach a process without its channel. One that is exiting already keeps its own exit code. */
  #loseChannel(): void {
    if (this.#killReason === null) {
      this.#child.kill("SIGKILL");
    }
  }

  #end(exitCode: number | null, signal: NodeJS.Signals | null): ProcessExit {
    this.#hasExited = true;
    clearTimeout(this.#startTimer);
    const exit = this.#describeExit(exitCode, signal);
    const error = new ProcessExitedError(exit);
    this.#settleReady.reject(error);
    for (const run of this.#runs.values()) {
      run.limit.end();
      run.reject(error);
    }
    this.#runs.clear();
    return exit;
  }

  #describeExit(exitCode: number | null, signal: string | null): ProcessExit {
    const killMs = this.#killedAt === null ? null : performance.now() - this.#killedAt;
    return { reason: this.#killReason ?? "crashed", exitCode, signal, detail: this.#detail, killMs };
  }
}

/** `setpriv` execs Node, so the child's pid is Node's own and the IPC channel is inherited. */
function forkBehindParentDeathSignal({ entry, gpu }: InferenceProcessSettings): ChildProcess {
  const { execPath, execArgv } = parentDeathSignal();
  return fork(fileURLToPath(entry), [], {
    execPath,
    execArgv,
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // Nothing of the parent's environment, secrets least of all. ONNX Runtime starts an uploader thread without this.
    env: { ORT_DISABLE_TELEMETRY: "1", ...(gpu === null ? {} : gpuEnvironment(gpu)) },
  });
}

/** A channel that closes under a message is followed by the exit, which is handled there. */
function ignoreClosedChannel(): void {}

/** Passes on each line, over-long ones in parts: native code may write for ever without a line break. */
function passOnLines(stream: Readable | null, onLine: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? "";
    while (rest.length > maxOutputLineLength) {
      lines.push(rest.slice(0, maxOutputLineLength));
      rest = rest.slice(maxOutputLineLength);
    }
    lines.filter((line) => line !== "").forEach((line) => onLine(line.slice(0, maxOutputLineLength)));
  });
  stream?.once("end", () => rest !== "" && onLine(rest));
}
