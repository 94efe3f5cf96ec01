/** Milliseconds with three decimals: what lies below is noise. */
export function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
