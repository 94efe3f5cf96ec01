/**
 * How much one run on a device may do. A run cannot be interrupted, and everything in it takes device memory at once; the
 * memory that a batch is granted (`src/hardware/speech-memory.ts`) counts with these numbers.
 */

/**
 * Tokens of a prompt that is read and answered in one run; longer ones are read in pieces of so many. The scores of plain
 * attention grow with the square of it: 0.27 GB a row of the 3B shape in float32 here, which is two windows of 30 s.
 */
export const longestPrompt = 1_024;

/**
 * Tokens that such a run may add: what two windows of 30 s are allowed at most, 16 + 60 s ÷ 80 ms, and some. At 50 ms a
 * step, thirty times what reading 7 GB of weights takes an H200, it stays below the minute that no run is denied.
 */
export const mostNewTokens = 800;

/**
 * Chunks of 30 s that are encoded in one run: each is 2.3 TFLOP of the 3B shape, beside which the weights that a run reads
 * once are nothing, so more would only save the launches of kernels, and each takes 0.5 GB in float32.
 */
export const chunksPerRun = 4;

/** Tokens of a run that goes on from caches in host memory: each run moves them there and back, a long one seldom. */
export const tokensPerRun = 256;
