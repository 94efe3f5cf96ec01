/**
 * What `performance.now()` of this process is short of the monotonic clock of the machine, which all its processes share
 * and which nobody sets.
 */
const originMs = findOrigin();

/** Milliseconds on the monotonic clock of the machine. @param now On this process's `performance.now()`. */
export function machineMs(now: number = performance.now()): number {
  return originMs + now;
}

/** Both clocks are read one after the other; a few tries, because one of them may be interrupted in between. */
function findOrigin(): number {
  const tries = Array.from({ length: 20 }, () => {
    const before = performance.now();
    const machine = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    return { originMs: machine - (before + after) / 2, errorMs: after - before };
  });
  return tries.reduce((best, each) => (each.errorMs < best.errorMs ? each : best)).originMs;
}
