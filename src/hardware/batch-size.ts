import type { Config } from "../config.ts";

/** Of one run; `auto` leaves it to the service. */
type Setting = number | "auto";

interface TextBatch {
  readonly windows: number;
  /** Padding included. */
  readonly tokens: number;
}

/** What larger batches gained nothing over: `npm run bench -- classify`. */
const textOnCpu: TextBatch = { windows: 32, tokens: 1_024 };

/**
 * A device is full with so much: of CamemBERT-base's 85 million weights that is 2.8 TFLOP, 3 ms at an H200's peak and 9 at an
 * A100's, while a run's some 500 kernels take about 2 ms to be started. More would only let others wait. By arithmetic:
 * `npm run bench -- gpu-classify` measures it.
 */
const textOnGpu: TextBatch = { windows: 128, tokens: 16_384 };

/** A run of more windows takes memory on a CPU, and hardly gains there. */
const speechInSteps = 1;
/**
 * Where a batch is one run on a device, each step reads the weights once for all its windows: of the 3B shape in fp16 7.2 GB,
 * beside which the caches of so many windows are 1.8. Twice as many would make a step a fifth longer.
 */
const speechInOneRun = 32;

/** The largest batch of texts by the settings. */
export function textBatch(
  { maxBatchSize, maxBatchTokens }: Pick<Config["scheduler"], "maxBatchSize" | "maxBatchTokens">,
  isOnGpu: boolean,
): TextBatch {
  const automatic = isOnGpu ? textOnGpu : textOnCpu;
  return {
    windows: orElse(maxBatchSize, automatic.windows),
    tokens: orElse(maxBatchTokens, automatic.tokens),
  };
}

/**
 * Windows of the largest batch of speech by the settings.
 * @param isOneRun such a batch is one run on a device.
 */
export function speechBatch(maxBatchSize: Setting, isOneRun: boolean): number {
  return orElse(maxBatchSize, isOneRun ? speechInOneRun : speechInSteps);
}

function orElse(setting: Setting, automatic: number): number {
  return setting === "auto" ? automatic : setting;
}
