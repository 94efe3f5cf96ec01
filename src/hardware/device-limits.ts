import type { Manifest } from "../model-store/manifest.ts";

/** What processes of one model ask of a device. */
export interface DeviceNeed {
  /** Bytes of its graphs there and their weights. */
  readonly graphBytes: number;
  readonly precision: Manifest["precision"];
  /** Of this model on this device, spares too. */
  readonly processes: number;
}

/** The driver and others keep a part of the device: an estimate, never measured. */
const usableShare = 0.9;
/** CUDA's context, its kernels and the workspaces of cuBLAS, in each process: an estimate, never measured. */
export const contextBytes: number = 1024 ** 3;

export const bytesPerWeight = { fp32: 4, fp16: 2, int8: 1, int4: 0.5 } as const;
/** A transformer block has this many times the square of its width in weights. */
const weightsPerSquare = 12;
/** Rows of this many times the width are alive at once: queries, keys, values, two of four times the width, and the input. */
const liveWidths = 12;
/** No attention head is narrower than this. */
const narrowestHead = 32;
const bytesPerActivation = 4;

/** Bytes of a device that processes may take together. */
export function usableBytes(memoryBytes: number): number {
  return Math.floor(memoryBytes * usableShare);
}

/** Bytes that the processes of a model take before they compute anything. */
export function restingBytes({ graphBytes, processes }: Pick<DeviceNeed, "graphBytes" | "processes">): number {
  return processes * (graphBytes + contextBytes);
}

/**
 * Bytes that one token of a batch takes at most while it is computed. A model of so many weights is widest when it has
 * one block only: this width bounds the activations from above, and the attention's scores with heads as narrow as they
 * come.
 * @param windowTokens longest window of a batch.
 */
export function bytesPerBatchToken(
  { graphBytes, precision }: Pick<DeviceNeed, "graphBytes" | "precision">,
  windowTokens: number,
): number {
  const width = Math.sqrt(graphBytes / bytesPerWeight[precision] / weightsPerSquare);
  return Math.ceil(bytesPerActivation * (liveWidths * width + (width / narrowestHead) * windowTokens));
}
