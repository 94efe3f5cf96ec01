/**
 * Whether a trace is in the share of `ratio`, 0 to 1, of all traces. Chosen by its id, so that all services which do
 * likewise choose the same ones, and so that a smaller share is part of a greater one. As OpenTelemetry's
 * `TraceIdRatioBased` of JavaScript: the four words of the id, folded into one.
 */
export function isInShare(traceId: string, ratio: number): boolean {
  if (ratio === 1) {
    return true;
  }
  const words = [0, 8, 16, 24].map((start) => Number.parseInt(traceId.slice(start, start + 8), 16));
  const folded = words.reduce((one, other) => one ^ other, 0) >>> 0;
  return folded < Math.floor(ratio * 0xffff_ffff);
}
