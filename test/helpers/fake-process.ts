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
  readonly interruption: AbortSignal | undefined;
  readonly settle: PromiseWithResolvers<ResultMessage>;
}

const crash: ProcessExit = { reason: "crashed", exitCode: null, signal: "SIGSEGV", detail: null, killMs: null };
let nextPid = 1;

/** An inference process without a process: the test decides when it is ready, what it answers and when it dies. */
export class FakeProcess {
  readonly pid = nextPid++;
  readonly device = "cpu";
  readonly answersInOneRun = false;
  readonly gpu: string | null;
  /** Every run it was given, oldest first. */
  readonly runs: FakeRun[] = [];
  readonly #ready = Promise.withResolvers<string>();
  readonly #exited = Promise.withResolvers<ProcessExit>();
  readonly ready = this.#ready.promise;
  readonly exited = this.#exited.promise;
  isReady: boolean;
  lastSignAt = 0;
  /** The reason of the first kill; null while nobody killed it. */
  killReason: string | null = null;
  readonly #pending: FakeRun[] = [];
  /** Runs that it may be given before it answered one. */
  readonly #capacity: number;

  constructor({ isReady = true, capacity = 1, gpu = null as string | null } = {}) {
    this.isReady = isReady;
    this.gpu = gpu;
    this.#capacity = capacity;
    this.ready.catch(() => {});
  }

  /** The fake where the real class is asked for; it has every public member that the caller uses. */
  get asInferenceProcess(): InferenceProcess {
    return this as unknown as InferenceProcess;
  }

  get isBusy(): boolean {
    return this.#pending.length > 0;
  }

  /** Lengths of the windows in each run. */
  get runLengths(): number[][] {
    return this.runs.map(({ inputs }) =>
      inputs.map((input) => (input.kind === "text" ? input.inputIds.length : input.frames)),
    );
  }

  run(inputs: readonly WindowInput[], limitMs: number, interruption?: AbortSignal): Promise<ResultMessage> {
    if (!this.isReady) {
      return Promise.reject(new ProcessExitedError(crash));
    }
    if (this.#pending.length === this.#capacity) {
      throw new Error("a process was given a further run before it answered one");
    }
    const run = { inputs, limitMs, interruption, settle: Promise.withResolvers<ResultMessage>() };
    this.#pending.push(run);
    this.runs.push(run);
    return run.settle.promise;
  }

  becomeReady(device = "cpu"): void {
    this.isReady = true;
    this.#ready.resolve(device);
  }

  /**
   * Answers the oldest run in progress; by default each window's first number, a token id or a feature, comes back as
   * its first logit.
   */
  answer(outputs?: readonly WindowOutput[], inferenceMs = 5): void {
    const run = this.#take();
    const echoed = run.inputs.map((input) => ({
      kind: "logits" as const,
      logits: Float32Array.of((input.kind === "text" ? input.inputIds : input.features)[0] ?? 0, 0),
    }));
    run.settle.resolve({ type: "result", id: this.runs.length, outputs: outputs ?? echoed, inferenceMs, startedAt: 0 });
  }

  failRun(kind: RunFailedError["kind"] = "other"): void {
    this.#take().settle.reject(new RunFailedError("the graph refused its input", kind));
  }

  /** Ends the process, and with it the runs in progress. */
  die(exit: Partial<ProcessExit> = {}): void {
    this.isReady = false;
    const error = new ProcessExitedError({ ...crash, ...exit });
    this.#pending.splice(0).forEach((run) => run.settle.reject(error));
    this.#ready.reject(error);
    this.#exited.resolve(error.exit);
  }

  kill(reason: string): void {
    this.killReason ??= reason;
    this.isReady = false;
  }

  stop(reason: "stopped" | "replaced" = "stopped"): Promise<void> {
    this.die({ reason, exitCode: 0, signal: null });
    return Promise.resolve();
  }

  #take(): FakeRun {
    const run = this.#pending.shift();
    if (run === undefined) {
      throw new Error("the process has no run in progress");
    }
    return run;
  }
}
