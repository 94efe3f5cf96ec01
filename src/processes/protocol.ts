/** Every message between the API process and an inference process. Crosses `fork` IPC with advanced serialization. */

import type { Manifest } from "../model-store/manifest.ts";

/** What one window brings to a model. Text: `inputIds` with special tokens, at most the window length. */
export interface TextWindowInput {
  readonly kind: "text";
  readonly inputIds: Int32Array;
}

/** A window of one request's audio. */
export interface AudioWindowInput {
  readonly kind: "audio";
  /** Log-mel spectrogram [melBins × frames], row by row. */
  readonly features: Float32Array;
  readonly melBins: number;
  /** 10 ms each. */
  readonly frames: number;
  /** How much of the window is audio, rather than silence that fills it up. Milliseconds. */
  readonly audioMs: number;
  /** ISO 639-1 code, or null to find it out. */
  readonly language: string | null;
  /** The whole prompt, for a model whose tokenizer writes it; empty for one that needs only the language. */
  readonly promptTokenIds: Int32Array;
  /** 0 takes the likeliest token at each step. */
  readonly temperature: number;
  /** Above temperature 0: the same seed draws the same tokens. An unsigned integer of 32 bits. */
  readonly seed: number;
}

export type WindowInput = TextWindowInput | AudioWindowInput;

/** One number per label. */
export interface LogitsOutput {
  readonly kind: "logits";
  readonly logits: Float32Array;
}

/** What was said in an audio window. */
export interface TranscriptOutput {
  readonly kind: "transcript";
  /** Text tokens, without special tokens. */
  readonly tokenIds: Int32Array;
  /** ISO 639-1 code: the one asked for, or the detected one; null when there is neither. */
  readonly language: string | null;
  /** 0–1; null when the model does not say. */
  readonly languageProbability: number | null;
  /** 0–1: that nobody speaks in the window; null when the model does not say. */
  readonly noSpeechProbability: number | null;
  /** Mean log-probability of the chosen tokens, end token included; at most 0. */
  readonly averageLogProbability: number;
  /**
   * The model came to an end by itself, was stopped because it went round in circles, of which the first round is among
   * the tokens, or had said all that it was allowed to.
   */
  readonly ending: "end-token" | "loop" | "limit";
}

/** What a model says of one window, before any judgement of its validity. */
export type WindowOutput = LogitsOutput | TranscriptOutput;

export interface SessionSettings {
  /** `cuda` computes on the one GPU that the process can see. */
  readonly executionProvider: "cpu" | "cuda";
  /** Threads of one run; instances times this is what the machine is asked for. */
  readonly intraOpNumThreads: number;
}

/** How much a process on a device is to compute in a run that it times. */
export interface TimingOrder {
  /** Multiplications and additions, about so many. */
  readonly operations: number;
  /**
   * For which there is memory in one run: tokens of text, or chunks of 30 s of audio. One window or chunk is tried in any
   * case: the warm-up had room for it.
   */
  readonly maxUnits: number;
}

/** What a process on a device found out about its speed. */
export interface RunTiming {
  /** By which each token was multiplied. */
  readonly weights: number;
  /** Of one run: of text, or states of an encoder of audio. */
  readonly tokens: number;
  /** That the fastest run took. */
  readonly milliseconds: number;
}

export interface LoadMessage {
  readonly type: "load";
  /** Absolute path of a model folder whose files were verified against its manifest. */
  readonly modelFolder: string;
  /** Checked by the sender: an inference process loads no schema library, which would double its start. */
  readonly manifest: Manifest;
  readonly session: SessionSettings;
  /** Absolute paths of further plugin modules, each exporting `plugin`. */
  readonly pluginModules: readonly string[];
  /** Left out on the CPU, where nothing is timed. */
  readonly timing?: TimingOrder;
}

export interface RunMessage {
  readonly type: "run";
  readonly id: number;
  readonly inputs: readonly WindowInput[];
}

/** Nobody waits for the run any more: it may end early, and its answer, which still has to come, is thrown away. */
export interface CancelMessage {
  readonly type: "cancel";
  readonly id: number;
}

export type ParentMessage = LoadMessage | RunMessage | CancelMessage;

export interface ReadyMessage {
  readonly type: "ready";
  /** Execution provider that computes. */
  readonly device: string;
  /** A batch is one run, which cannot be interrupted, where its windows allow it. */
  readonly answersInOneRun: boolean;
  /** Left out where nothing was timed. */
  readonly timing?: RunTiming;
}

/** The run is alive: a plugin reports between the steps of a long run. */
export interface ProgressMessage {
  readonly type: "progress";
  readonly id: number;
}

export interface ResultMessage {
  readonly type: "result";
  readonly id: number;
  /** One per input, in order. */
  readonly outputs: readonly WindowOutput[];
  readonly inferenceMs: number;
  /** When the run began, as `monotonicMs` of `monotonic-clock.ts` tells it. */
  readonly startedAt: number;
}

/** An error crosses as facts: the structured clone drops an error's class and own fields. */
export interface WireError {
  readonly name: string;
  readonly message: string;
}

/**
 * What a failed run means for the next: there was too little memory for so large a one, the device is lost to this
 * process, or nothing.
 */
export const runFailureKinds = ["out_of_memory", "device_lost", "other"] as const;

export type RunFailureKind = (typeof runFailureKinds)[number];

/** The run failed. The process is sound, unless the device is lost to it. */
export interface RunFailedMessage {
  readonly type: "run_failed";
  readonly id: number;
  readonly kind: RunFailureKind;
  readonly error: WireError;
}

/** The process cannot serve this model and will exit. */
export interface LoadFailedMessage {
  readonly type: "load_failed";
  readonly error: WireError;
}

export type ChildMessage = ReadyMessage | ProgressMessage | ResultMessage | RunFailedMessage | LoadFailedMessage;

/** The message, or null when a child sent something that is none: a child that does so is not trusted further. */
export function parseChildMessage(value: unknown): ChildMessage | null {
  if (typeof value !== "object" || value === null || !("type" in value)) {
    return null;
  }
  const message = value as Partial<Record<string, unknown>>;
  switch (message["type"]) {
    case "ready":
      return isReady(message) ? (value as ReadyMessage) : null;
    case "progress":
      return Number.isSafeInteger(message["id"]) ? (value as ProgressMessage) : null;
    case "result":
      return isResult(message) ? (value as ResultMessage) : null;
    case "run_failed":
      return isRunFailure(message) ? (value as RunFailedMessage) : null;
    case "load_failed":
      return isWireError(message["error"]) ? (value as LoadFailedMessage) : null;
    default:
      return null;
  }
}

function isReady(message: Partial<Record<string, unknown>>): boolean {
  return (
    typeof message["device"] === "string" &&
    typeof message["answersInOneRun"] === "boolean" &&
    isTimingOrNone(message["timing"])
  );
}

function isResult(message: Partial<Record<string, unknown>>): boolean {
  const outputs = message["outputs"];
  return (
    Number.isSafeInteger(message["id"]) &&
    isDuration(message["inferenceMs"]) &&
    Number.isFinite(message["startedAt"]) &&
    Array.isArray(outputs) &&
    outputs.every((output: unknown) => isOutput(output))
  );
}

function isRunFailure(message: Partial<Record<string, unknown>>): boolean {
  return (
    Number.isSafeInteger(message["id"]) &&
    runFailureKinds.some((kind) => kind === message["kind"]) &&
    isWireError(message["error"])
  );
}

function isTimingOrNone(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return value === undefined;
  }
  const { weights, tokens, milliseconds } = value as Partial<Record<keyof RunTiming, unknown>>;
  return [weights, tokens].every(Number.isSafeInteger) && [weights, tokens, milliseconds].every(isDuration);
}

function isDuration(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isOutput(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const output = value as Partial<Record<keyof LogitsOutput | keyof TranscriptOutput, unknown>>;
  switch (output.kind) {
    case "logits":
      return output.logits instanceof Float32Array;
    case "transcript":
      return (
        output.tokenIds instanceof Int32Array &&
        (output.language === null || typeof output.language === "string") &&
        isNumberOrNull(output.languageProbability) &&
        isNumberOrNull(output.noSpeechProbability) &&
        typeof output.averageLogProbability === "number" &&
        ["end-token", "loop", "limit"].includes(String(output.ending))
      );
    default:
      return false;
  }
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || typeof value === "number";
}

function isWireError(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "name" in error &&
    typeof error.name === "string" &&
    "message" in error &&
    typeof error.message === "string"
  );
}

export function toWireError(error: unknown): WireError {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: "a value that is no error was thrown" };
}
