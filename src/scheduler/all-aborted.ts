/** A signal that listens to others until it is disposed of. */
export interface DisposableSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Aborts when the last of the signals has; never when there is none. */
export function allAborted(signals: readonly AbortSignal[]): DisposableSignal {
  const controller = new AbortController();
  const waitedFor = new Set(signals);
  const stops = [...waitedFor].map((signal) => {
    const onAbort = (): void => {
      waitedFor.delete(signal);
      if (waitedFor.size === 0) {
        controller.abort(signal.reason);
      }
    };
    if (signal.aborted) {
      onAbort();
    }
    signal.addEventListener("abort", onAbort, { once: true });
    return () => signal.removeEventListener("abort", onAbort);
  });
  return { signal: controller.signal, [Symbol.dispose]: () => stops.forEach((stop) => stop()) };
}
