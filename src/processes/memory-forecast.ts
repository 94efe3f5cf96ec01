/** Memory in use at one moment. */
export interface MemorySample {
  /** On any clock that never goes back, in milliseconds. */
  readonly atMs: number;
  readonly bytes: number;
}

/** How memory changes over a window of samples. */
export interface MemoryTrend {
  /** Slope of the line that fits the samples best; negative when memory shrinks. */
  readonly bytesPerSecond: number;
  /** Whether that is growth which goes on, rather than noise, a step, or a rise that has come to its end. */
  readonly isGrowing: boolean;
}

/** Four for each quarter: with fewer, noise alone looks like growth now and then. */
const leastSamples = 16;

/** The slope in standard errors of it: white noise gets there in less than one of a million windows. */
const leastSignificance = 8;

/**
 * Share of the line's rise that memory must make from each quarter of the window to the next. One step, wherever it is,
 * leaves two quarters level; so does a rise that ended before the middle of the third.
 */
const leastQuarterShare = 1 / 4;

/** The trend by least squares; null for too few samples, or for several at one moment only. */
export function memoryTrend(samples: readonly MemorySample[]): MemoryTrend | null {
  if (samples.length < leastSamples) {
    return null;
  }
  // About the means: a late clock and large numbers would cost digits otherwise.
  const meanMs = mean(samples.map(({ atMs }) => atMs));
  const meanBytes = mean(samples.map(({ bytes }) => bytes));
  const times = samples.map(({ atMs }) => atMs - meanMs);
  const sizes = samples.map(({ bytes }) => bytes - meanBytes);
  const spread = sumOfProducts(times, times);
  if (spread === 0) {
    return null;
  }
  const slope = sumOfProducts(times, sizes) / spread;
  const residuals = sizes.map((size, index) => size - slope * (times[index] ?? 0));
  const standardError = Math.sqrt(sumOfProducts(residuals, residuals) / (samples.length - 2) / spread);
  const isSignificant = slope > 0 && slope >= leastSignificance * standardError;
  return { bytesPerSecond: slope * 1000, isGrowing: isSignificant && risesThroughout(times, sizes, slope) };
}

/** Seconds until memory that changes by this trend reaches the limit: 0 when it has, null when it never will. */
export function secondsToLimit(trend: MemoryTrend, bytes: number, limitBytes: number): number | null {
  if (bytes >= limitBytes) {
    return 0;
  }
  return trend.isGrowing ? (limitBytes - bytes) / trend.bytesPerSecond : null;
}

function risesThroughout(times: readonly number[], sizes: readonly number[], slope: number): boolean {
  const quarters = [0, 1, 2, 3].map((quarter) => {
    const [start, end] = [quarter, quarter + 1].map((each) => Math.round((each * times.length) / 4));
    return { time: mean(times.slice(start, end)), size: mean(sizes.slice(start, end)) };
  });
  return quarters.slice(1).every(({ time, size }, index) => {
    const before = quarters[index];
    return before !== undefined && size - before.size >= leastQuarterShare * slope * (time - before.time);
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sumOfProducts(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
}
