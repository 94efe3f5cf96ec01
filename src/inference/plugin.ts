import type { Manifest } from "../model-store/manifest.ts";
import type { SessionSettings, TimingOrder, WindowInput, WindowOutput } from "../processes/protocol.ts";

/** A model family: how its folders are loaded and run. Registered in `plugins/registry.ts` or named by configuration. */
export interface Plugin {
  /** The manifest's `plugin` field. */
  readonly name: string;
  readonly task: Manifest["task"];
  /** A second look at the manifest: null, or why this plugin cannot run it. */
  unsupportedReason(manifest: Manifest): string | null;
  load(folder: string, manifest: Manifest, session: SessionSettings): Promise<LoadedModel>;
}

export interface LoadedModel {
  /** Execution provider that computes, such as `cpu`; asked after the warm-up. */
  readonly device: string;
  /**
   * A batch is one run of a graph, without a step between which another run could have its turn, where its windows allow
   * it. Left out by models whose batches never are.
   */
  readonly answersInOneRun?: boolean;
  /** A run of known size, by which the speed of a device is judged; asked for after the warm-up. */
  timedRun?(order: TimingOrder): Promise<TimedRun>;
  /** Runs one real inference, so that the first request meets allocated memory and compiled kernels. */
  warmUp(): Promise<void>;
  /**
   * One output per input, in order. Throws when the run fails; the process stays usable.
   *
   * A run of several steps awaits `reportProgress` every few of them: without a sign for too long the process is killed.
   * It may take a while, because another run goes first, and throws when nobody waits for this run any more: let that
   * through. `run` is called for another request while this one waits, so a run keeps its state to itself.
   */
  run(inputs: readonly WindowInput[], reportProgress: () => void | Promise<void>): Promise<WindowOutput[]>;
  dispose(): Promise<void>;
}

export interface TimedRun {
  /** By which each token is multiplied. */
  readonly weights: number;
  /** Of one run. */
  readonly tokens: number;
  readonly run: () => Promise<unknown>;
}
