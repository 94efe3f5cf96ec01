export interface RestartSettings {
  readonly backoffInitialMs: number;
  readonly backoffMaxMs: number;
  /** Exits before ready, one after another, at which starts go on at `giveUpRetryMs` only. */
  readonly giveUpAfterFailures: number;
  readonly giveUpRetryMs: number;
}

export interface RestartDecision {
  /** Milliseconds to wait before the next start. */
  readonly delayMs: number;
  /** The model counts as broken until a process gets ready. */
  readonly hasGivenUp: boolean;
}

/**
 * When to start the next process. A process that was ready is replaced at once; only exits before ready back off:
 * exponentially, with full jitter between half and the whole of the delay, so that replicas do not start in step.
 *
 * @param failures Exits before ready since the last process that got ready.
 * @param random A number in [0, 1).
 */
export function decideRestart(failures: number, settings: RestartSettings, random: number): RestartDecision {
  if (failures === 0) {
    return { delayMs: 0, hasGivenUp: false };
  }
  if (failures >= settings.giveUpAfterFailures) {
    return { delayMs: settings.giveUpRetryMs, hasGivenUp: true };
  }
  const backoffMs = Math.min(settings.backoffMaxMs, settings.backoffInitialMs * 2 ** (failures - 1));
  return { delayMs: backoffMs * (0.5 + random / 2), hasGivenUp: false };
}
