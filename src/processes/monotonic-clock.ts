/**
 * Milliseconds on the system's monotonic clock, which all processes of a machine share: unlike `performance.now()`, which
 * counts from the start of each, and unlike the time of day, which is set.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

/** The same moment on this process's `performance.now()`. */
export function fromMonotonic(milliseconds: number): number {
  return milliseconds - (monotonicMs() - performance.now());
}
