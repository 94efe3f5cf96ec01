/**
 * Numbers from 0 to below 1 that follow from the seed alone. Mulberry32 by Tommy Ettinger (public domain): 32 bits of
 * state, good enough to draw words with.
 * @param seed an unsigned integer of 32 bits.
 */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
