/** The part of `isoTimestamp` up to the seconds, and the second that it belongs to. */
let prefix = "";
let prefixSecond = Number.NaN;

/**
 * Milliseconds since 1970 as `Date.prototype.toISOString` writes them, for years 0 to 9999. Most of it is made once a
 * second: under overload there are thousands of log lines.
 */
export function isoTimestamp(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== prefixSecond) {
    prefixSecond = second;
    // "2026-11-21T16:20:49."
    prefix = new Date(second * 1000).toISOString().slice(0, 20);
  }
  return `${prefix}${String(milliseconds - second * 1000).padStart(3, "0")}Z`;
}
