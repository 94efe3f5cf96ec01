/**
 * `01:02:03.004` for 3,723,004: hours have two digits or more, so that any length can be told.
 * `milliseconds` is a whole number from 0 on.
 */
export function clockTime(milliseconds: number, decimalMark: "." | ","): string {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const clock = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return `${clock}${decimalMark}${String(milliseconds % 1000).padStart(3, "0")}`;
}
