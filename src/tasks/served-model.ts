import type { ModelState } from "../events.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import type { PreparedText } from "../text/prepared-text.ts";

export interface ModelIdentity {
  readonly name: string;
  readonly version: string;
  /** `sha256:` and the hex digest of the manifest, which itself holds the digest of every file. */
  readonly digest: string;
}

/** A model that the service can use now: everything below the tasks, behind two verbs. */
export interface ServedModel {
  readonly identity: ModelIdentity;
  readonly task: "text-classification" | "automatic-speech-recognition";
  /** Names of the outputs by index, from the model's own `id2label`. */
  readonly labels: readonly string[];
  /** Without this model the service is not ready. */
  readonly isRequired: boolean;
  /** Where its tensors are computed, such as `cpu`. */
  readonly device: string;
  state(): ModelState;
  /** Keeps it from being stopped until the returned function is called: a request that was let in is finished by it. */
  hold(): () => void;
  /** Tokens and windows of each text, in order. Rejects with `context.signal.reason` when that aborts. */
  prepare(texts: readonly string[], context: RequestContext): Promise<PreparedText[]>;
  /** Logits of each window, in order. */
  run(windows: readonly Int32Array[], context: RequestContext): Promise<RunResult>;
  /**
   * The `ServiceError` that a request from this client would meet now (`overloaded`, `model_loading`, `circuit_open`),
   * or null. Cheap: asked before a body is read.
   */
  refusal(client: RequestContext["client"]): Error | null;
}

export interface RunResult {
  /** One row of logits per window. */
  readonly logits: readonly Float32Array[];
  /** From submission to the first window's dispatch. */
  readonly queueMs: number;
  /** From the first window's dispatch to the last window's result. */
  readonly inferenceMs: number;
}

/** The models that are served now; a reload swaps them under the same directory. */
export interface ModelDirectory {
  list(): readonly ServedModel[];
  /** The named model, or null. */
  find(name: string): ServedModel | null;
}
