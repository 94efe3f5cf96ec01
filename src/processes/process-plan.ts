/** How many processes a model has and should have. */
export interface ProcessCounts {
  readonly wantedActive: number;
  readonly wantedSpares: number;
  /** Ready and taking batches, and not to be replaced. */
  readonly active: number;
  /** Ready and waiting to replace one. */
  readonly spares: number;
  /** Started and not ready yet. */
  readonly starting: number;
  /** To be replaced, or finishing their runs after that. */
  readonly leaving: number;
}

export interface ProcessPlan {
  /** Spares to make active now. */
  readonly promote: number;
  /** Processes to start now. */
  readonly start: number;
}

/**
 * What to do next. Missing instances come first; spares are started only when every instance runs, so that they do not
 * slow down the first answer after a start, and when nobody is leaving: memory may be short.
 */
export function planProcesses(counts: ProcessCounts): ProcessPlan {
  const promote = Math.min(counts.spares, Math.max(0, counts.wantedActive - counts.active));
  const missingActive = counts.wantedActive - counts.active - promote;
  const missingSpares = missingActive > 0 || counts.leaving > 0 ? 0 : counts.wantedSpares - (counts.spares - promote);
  return { promote, start: Math.max(0, missingActive + missingSpares - counts.starting) };
}
