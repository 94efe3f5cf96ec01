/** Reads into a buffer from a position of the upload; returns the number of bytes, 0 at the end. */
export type ReadAt = (target: Uint8Array, position: number) => number;
