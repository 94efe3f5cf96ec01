/** Does it again and again until so many milliseconds are over: how often, and how long that took in all. */
export async function repeatFor(
  leastMs: number,
  work: () => Promise<unknown>,
): Promise<{ readonly times: number; readonly seconds: number }> {
  const startedAt = performance.now();
  let times = 0;
  do {
    await work();
    times++;
  } while (performance.now() - startedAt < leastMs);
  return { times, seconds: (performance.now() - startedAt) / 1000 };
}
