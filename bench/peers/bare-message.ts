import type { SessionSettings } from "../../src/processes/protocol.ts";

/** Messages between a benchmark and its bare ONNX Runtime processes. Cross `fork` IPC with advanced serialization. */

/** Windows of like length, padded to one width: int64 ids and mask, row by row. */
export interface PaddedBatch {
  readonly rows: number;
  readonly width: number;
  readonly inputIds: BigInt64Array;
  readonly attentionMask: BigInt64Array;
}

export interface BareLoadMessage {
  readonly type: "load";
  readonly onnxFile: string;
  readonly intraOpNumThreads: number;
  readonly executionProvider: SessionSettings["executionProvider"];
  readonly batches: readonly PaddedBatch[];
}

export interface BareRunMessage {
  readonly type: "run";
  /** Index into the batches that were loaded. */
  readonly batch: number;
}

export type BareMessage = BareLoadMessage | BareRunMessage;

export type BareReply =
  | { readonly type: "loaded" }
  | { readonly type: "ran"; readonly batch: number; readonly logits: Float32Array };
