/** How many processes of a model there are places for. */
export interface Places {
  /** Processes that take batches. */
  readonly instances: number;
  /** Warm processes that wait to replace one. */
  readonly spares: number;
}

/** An instance, and the spare that should do its work. */
export interface Exchange<T> {
  readonly instance: T;
  readonly spare: T;
}
