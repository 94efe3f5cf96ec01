/** What a classification goes through, one thread each or the device. */
export const parts = ["eventLoop", "textThread", "inferenceProcess", "gpu"] as const;

/** Share of the time, 0 to 1, in which each was busy, where that is known; of several threads of a kind, the busiest. */
export type BusyShares = Readonly<Partial<Record<(typeof parts)[number], number>>>;

/** From this share of its time on, a part is what limits. */
const busy = 0.9;

const phrases = {
  eventLoop: "the event loop of the API process",
  textThread: "the tokenizer's thread",
  inferenceProcess: "the inference process, in ONNX Runtime's binding and around it",
  gpu: "the GPU",
};

/**
 * What keeps a service from classifying faster, in plain words.
 *
 * The inference process may spin while it waits for a GPU: the GPU is named before it, where both are busy.
 */
export function nameLimit(shares: BusyShares): string {
  if ((shares.gpu ?? 0) >= busy) {
    return `${phrases.gpu}, busy ${percentOf(shares.gpu)} of the time`;
  }
  const [most = "eventLoop"] = parts.toSorted((one, other) => (shares[other] ?? 0) - (shares[one] ?? 0));
  const told = `${phrases[most]}, busy ${percentOf(shares[most])} of the time`;
  return (shares[most] ?? 0) >= busy
    ? told
    : `no part alone, so more requests at a time would be answered; most is ${told}`;
}

function percentOf(share = 0): string {
  return `${Math.round(share * 100)} %`;
}
