/** Texts a second that each part of the way allows by itself. */
export interface StageRates {
  /** ONNX Runtime's binding with the best batches, and so the device. */
  readonly binding: number;
  /** Our tokenizer, in the one thread that a model has. */
  readonly tokenizer: number;
  /** The HTTP server with requests that ask for nothing, times the texts of a request. */
  readonly http: number;
}

/** From this share of its time on, a device is what limits. */
const busy = 0.9;

/**
 * What keeps a service from classifying faster, in plain words.
 * @param busyShare of the device while the service was measured; null where nobody knows.
 */
export function nameLimit(service: number, rates: StageRates, busyShare: number | null): string {
  if (busyShare !== null && busyShare >= busy) {
    return "the GPU, which is busy";
  }
  const stages = [
    { name: "ONNX Runtime's binding and the device", rate: rates.binding },
    { name: "the tokenizer's thread", rate: rates.tokenizer },
    { name: "the HTTP server and its client", rate: rates.http },
  ];
  const slowest = stages.reduce((least, each) => (each.rate < least.rate ? each : least));
  const share = Math.round((service / slowest.rate) * 100);
  return `${slowest.name}: the service reaches ${share} % of what it allows`;
}
