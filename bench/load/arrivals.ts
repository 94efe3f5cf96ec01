/** Moments in milliseconds from the start at which requests arrive, ascending, whatever the answers do. */
export function arrivalTimes(
  arrivals: "poisson" | "constant",
  requestsPerSecond: number,
  seconds: number,
  random: () => number,
): Float64Array {
  const meanGapMs = 1000 / requestsPerSecond;
  const endMs = seconds * 1000;
  const times: number[] = [];
  // Exponential gaps make a Poisson process: independent users. `1 - random()` is never 0.
  const nextGapMs = arrivals === "constant" ? () => meanGapMs : () => -Math.log(1 - random()) * meanGapMs;
  for (let atMs = nextGapMs(); atMs < endMs; atMs += nextGapMs()) {
    times.push(atMs);
  }
  return Float64Array.from(times);
}

/** Mulberry32: small, well spread, and the same numbers in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
