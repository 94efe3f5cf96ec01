/** How far the two clocks of a process may drift apart, in milliseconds, before the time of day is believed. */
const toleratedDriftMs = 50;

/** What to add to `performance.now()` to get milliseconds since 1970. */
export function epochOffset(monotonicNow: number, timeOfDay: number, timeOrigin: number): number {
  // The time of day has whole milliseconds; the origin is exact, until the clock is set.
  const offset = timeOfDay - monotonicNow;
  return Math.abs(offset - timeOrigin) <= toleratedDriftMs ? timeOrigin : offset;
}

/** Seconds and nanoseconds, as OpenTelemetry's `HrTime`. */
export function toHrTime(epochMs: number): [number, number] {
  const seconds = Math.floor(epochMs / 1_000);
  return [seconds, Math.min(999_999_999, Math.round((epochMs - seconds * 1_000) * 1e6))];
}
