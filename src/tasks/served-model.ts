import type { ModelId, ModelState } from "../events.ts";
import type { Precision } from "../precision.ts";
import type { WindowShape } from "../processes/audio-protocol.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import type { PreparedText } from "../text/prepared-text.ts";

export interface ModelIdentity {
  readonly name: string;
  readonly version: string;
  /** `sha256:` and the hex digest of the manifest, which itself holds the digest of every file. */
  readonly digest: string;
}

/** What the service knows of every model, whatever its task. */
export interface ModelCommon {
  /** This model alone has it: its successor of the same name, which a reload makes ready beside it, has another. */
  readonly id: ModelId;
  readonly identity: ModelIdentity;
  /** Without this model the service is not ready. */
  readonly isRequired: boolean;
  /** Where its tensors are computed, such as `cpu`. */
  readonly device: string;
  /** Of the graphs that it is computed with. */
  readonly precision: Precision;
  state(): ModelState;
  /** Keeps it from being stopped until the returned function is called: a request that was let in is finished by it. */
  hold(): () => void;
  /**
   * The `ServiceError` that a request from this client would meet now (`overloaded`, `model_loading`, `circuit_open`),
   * or null. Cheap: asked before a body is read.
   */
  refusal(client: RequestContext["client"]): Error | null;
}

/** A model that scores texts: everything below the task, behind two verbs. */
export interface TextModel extends ModelCommon {
  readonly task: "text-classification";
  /** Names of the outputs by index, from the model's own `id2label`. */
  readonly labels: readonly string[];
  /** The log-odds of `toxic` of a text of n windows are lowered by this times ln n. */
  readonly windowBias: number;
  /** Tokens and windows of each text, in order. Rejects with `context.signal.reason` when that aborts. */
  prepare(texts: readonly string[], context: RequestContext): Promise<PreparedText[]>;
  /** Logits of each window, in order. */
  run(windows: readonly Int32Array[], context: RequestContext): Promise<RunResult>;
}

export interface RunResult {
  /** One row of logits per window. */
  readonly logits: readonly Float32Array[];
  /** From submission to the first window's dispatch. */
  readonly queueMs: number;
  /** From the first window's dispatch to the last window's result. */
  readonly inferenceMs: number;
}

/** A model that writes down what is said. */
export interface SpeechModel extends ModelCommon {
  readonly task: "automatic-speech-recognition";
  /** ISO 639-1 codes of the languages that it knows; a few that have none go by their ISO 639-3 code. */
  readonly languages: readonly string[];
  /** Whether it says which language is spoken when none is named. Else it just writes in that language. */
  readonly detectsLanguage: boolean;
  /** The windows that it reads. */
  readonly windows: WindowShape;
  /** Windows of one request in flight that keep all of its instances busy; more would only wait. */
  readonly windowsAhead: number;
  /**
   * Runs one window of a request that was let in: it is never refused for want of room, so the caller keeps to
   * `windowsAhead`. Rejects as a run of texts does, with `context.signal.reason` when that aborts.
   */
  transcribe(window: SpeechWindowInput, context: RequestContext): Promise<SpeechWindowOutput>;
  /** Text of one window's token ids. Bytes that are no whole character at its ends are dropped. */
  decode(tokenIds: Int32Array): string;
}

export interface SpeechWindowInput {
  /** Log-mel spectrogram [melBins × frames], row by row. */
  readonly features: Float32Array;
  /** 10 ms each; as many as the shape of windows allows. */
  readonly frames: number;
  /** How much of the window is audio, rather than silence that fills it up. Milliseconds. */
  readonly audioMs: number;
  /** One of the model's languages, or null to find it out. */
  readonly language: string | null;
  /** 0–1; 0 takes the likeliest token at each step. */
  readonly temperature: number;
  /** Above temperature 0: the same seed draws the same tokens. An unsigned integer of 32 bits. */
  readonly seed: number;
}

/** What the model says of one window, before any judgement of its validity. */
export interface SpeechWindowOutput {
  /** Text tokens, without special tokens. */
  readonly tokenIds: Int32Array;
  /** The one asked for, or the detected one; null when none was asked for and the model detects none. */
  readonly language: string | null;
  /** 0–1; null when the model does not say. */
  readonly languageProbability: number | null;
  /** 0–1: that nobody speaks in the window; null when the model does not say. */
  readonly noSpeechProbability: number | null;
  /** Mean log-probability of the chosen tokens, end token included; at most 0. */
  readonly averageLogProbability: number;
  /** Of a text that was stopped because it went round in circles the tokens hold the first round. */
  readonly ending: "end-token" | "loop" | "limit";
  /** From submission to dispatch. */
  readonly queueMs: number;
  /** From dispatch to the result. */
  readonly inferenceMs: number;
}

/** A model that the service can use now. */
export type ServedModel = TextModel | SpeechModel;

/** The models that are served now; a reload swaps them under the same directory. */
export interface ModelDirectory {
  list(): readonly ServedModel[];
  /** The named model, or null. */
  find(name: string): ServedModel | null;
}
