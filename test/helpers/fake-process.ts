import {
  type InferenceProcess,
  type ProcessExit,
  ProcessExitedError,
  RunFailedError,
} from "../../src/processes/inference-process.ts";
import type { ResultMessage, WindowInput, WindowOutput } from "../../src/processes/protocol.ts";

interface FakeRun {
  readonly inputs: readonly WindowInput[];
  readonly limitMs: number;
  readonly settle: PromiseWithResolvers<ResultMessage>;
}

const crash: ProcessExit = { reason: "crashed", exitCode: null, signal: "SIGSEGV", detail: null, killMs: null };
let nextPid = 1;

/** An inference process without a process: the test decides when it is ready, what it answers and when it dies. */
export class FakeProcess {
  readonly pid = nextPid++;
  /** Every run it was given, oldest first. */
  readonly runs: FakeRun[] = [];
  readonly #ready = Promise.withResolvers<string>();
  readonly #exited = Promise.withResolvers<ProcessExit>();
  readonly ready = this.#ready.promise;
  readonly exited = this.#exited.promise;
  isReady: boolean;
  /** The reason of the first kill; null while nobody killed it. */
  killReason: string | null = null;
  #pending: FakeRun | null = null;

  constructor(isReady = true) {
    this.isReady = isReady;
    this.ready.catch(() => {});
  }

  /** The fake where the real class is asked for; it has every public member that the caller uses. */
  get asInferenceProcess(): InferenceProcess {
    return this as unknown as InferenceProcess;
  }

  get isBusy(): boolean {
    return this.#pending !== null;
  }

  /** Lengths of the windows in each run. */
  get runLengths(): number[][] {
    return this.runs.map(({ inputs }) => inputs.map(({ inputIds }) => inputIds.length));
  }

  run(inputs: readonly WindowInput[], limitMs: number): Promise<ResultMessage> {
    if (!this.isReady) {
      return Promise.reject(new ProcessExitedError(crash));
    }
    if (this.#pending !== null) {
      throw new Error("a process was given a second run before it answered the first");
    }
    this.#pending = { inputs, limitMs, settle: Promise.withResolvers() };
    this.runs.push(this.#pending);
    return this.#pending.settle.promise;
  }

  becomeReady(): void {
    this.isReady = true;
    this.#ready.resolve("cpu");
  }

  /** Answers the run in progress; by default each window's first token id comes back as its first logit. */
  answer(outputs?: readonly WindowOutput[], inferenceMs = 5): void {
    const run = this.#take();
    const echoed = run.inputs.map(({ inputIds }) => ({ logits: Float32Array.of(inputIds[0] ?? 0, 0) }));
    run.settle.resolve({ type: "result", id: this.runs.length, outputs: outputs ?? echoed, inferenceMs });
  }

  failRun(): void {
    this.#take().settle.reject(new RunFailedError("the graph refused its input"));
  }

  /** Ends the process, and with it the run in progress. */
  die(exit: Partial<ProcessExit> = {}): void {
    this.isReady = false;
    const error = new ProcessExitedError({ ...crash, ...exit });
    this.#pending?.settle.reject(error);
    this.#pending = null;
    this.#ready.reject(error);
    this.#exited.resolve(error.exit);
  }

  kill(reason: string): void {
    this.killReason ??= reason;
    this.isReady = false;
  }

  stop(): Promise<void> {
    this.die({ reason: "stopped", exitCode: 0, signal: null });
    return Promise.resolve();
  }

  #take(): FakeRun {
    const run = this.#pending;
    if (run === null) {
      throw new Error("the process has no run in progress");
    }
    this.#pending = null;
    return run;
  }
}
