import { z } from "zod";
import { precisions } from "./precision.ts";

/** A duration that a timer of Node can hold, in milliseconds. */
const milliseconds = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);

/** A number, or `auto`, which leaves it to the service. */
const autoOr = (minimum: number, maximum: number) =>
  z.union([z.literal("auto"), z.int().min(minimum).max(maximum)], {
    error: `must be auto, or an integer from ${minimum} to ${maximum}`,
  });

/** A value that may become a metric label; the two that mean something else are reserved. */
const labelValue = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be 1 to 64 letters, digits, '_', '.' or '-'")
  .refine((value) => value !== "other" && value !== "none", "must not be 'other' or 'none'");

/** A bucket of tokens, as `admission/rate-limit/token-bucket.ts` bounds it. */
const bucketSchema = z
  .strictObject({
    burst: z.number().min(1).max(1e9),
    refillPerSecond: z.number().positive().max(1e9),
  })
  .refine(({ burst, refillPerSecond }) => burst / refillPerSecond <= 31_536_000, {
    error: "must refill within a year",
  });

/** A share of a limit. */
const share = z.number().min(0.001).max(1);

const labelValues = z.array(labelValue).max(100).refine(hasNoDuplicates, "must not name a value twice");

/** One entry of `config/models.yaml`. */
export const modelSchema = z.strictObject({
  /** Model folder; absolute once loaded. */
  folder: z.string().min(1),
  /** Inference processes that take batches; `auto` leaves the number to the service. */
  instances: autoOr(1, 64).default("auto"),
  /** Warm inference processes that wait to replace one. */
  spares: z.int().min(0).max(8).default(1),
  /** Where it is computed; `auto` leaves it to the service. */
  executionProvider: z.enum(["auto", "cpu", "cuda"]).default("auto"),
  /** Of the graphs that compute; `auto` leaves the choice among those of the manifest to the service. */
  precision: z.enum(["auto", ...precisions]).default("auto"),
  /** Threads of one inference process inside ONNX Runtime. */
  intraOpNumThreads: z.int().min(1).max(256).default(1),
  /** Windows in one run of a speech model; text models have limits of their own under `scheduler`. */
  maxBatchSize: autoOr(1, 64).default("auto"),
  /** Voxtral: chunks of 30 s that go into one prompt. */
  chunksPerWindow: z.int().min(1).max(60).default(1),
  /** The service is not ready without it. */
  required: z.boolean().default(true),
  /** Further plugin modules that the inference process imports; absolute paths once loaded. */
  plugins: z.array(z.string().min(1)).max(32).default([]),
});

/**
 * Every setting, its type and its bounds; `config/default.yaml` holds the defaults and says what each is for. Numbers
 * carry their unit in their name; the others count things.
 */
export const settingsSchema = z.strictObject({
  service: z.strictObject({
    environment: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be 1 to 64 letters, digits, '_', '.' or '-'"),
    maintenance: z.boolean(),
  }),
  server: z
    .strictObject({
      host: z.string().min(1).max(253),
      port: z.int().min(0).max(65_535),
      trustProxy: z.union([z.boolean(), z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).min(1)], {
        error: "must be true, false, or a list of IP addresses and CIDR blocks",
      }),
      maxConnections: z.int().min(1).max(1_000_000),
      maxConcurrentRequests: z.int().min(1).max(100_000),
      bodyLimitBytes: z.int().min(1_024).max(67_108_864),
      maxHeaderBytes: z.int().min(4_096).max(65_536),
      headersTimeoutMs: milliseconds(100, 120_000),
      requestTimeoutMs: milliseconds(100, 600_000),
      keepAliveTimeoutMs: milliseconds(1, 600_000),
    })
    .refine((server) => server.headersTimeoutMs <= server.requestTimeoutMs, {
      path: ["headersTimeoutMs"],
      error: "must not exceed server.requestTimeoutMs",
    }),
  auth: z.strictObject({
    mode: z.enum(["auto", "none"]),
    keysFile: z.string().max(4_096),
  }),
  secrets: z.strictObject({
    folder: z.string().max(4_096),
    overlapMs: milliseconds(0, 2_147_483_647),
  }),
  rateLimit: z.strictObject({
    enabled: z.boolean(),
    tiers: z.object({ default: bucketSchema, anonymous: bucketSchema }).catchall(bucketSchema),
    routeShare: share,
    clientIdShare: share,
    mistakes: bucketSchema,
    costPerText: z.number().min(0).max(1e6),
    costPer1000Tokens: z.number().min(0).max(1e6),
    costPerAudioSecond: z.number().min(0).max(1e6),
    redisTimeoutMs: milliseconds(1, 10_000),
    redisShare: share,
  }),
  hardware: z.strictObject({
    profile: z.enum(["auto", "cpu", "a100", "h100", "h200", "b200"]),
    requireGpu: z.boolean(),
  }),
  deadline: z.strictObject({
    defaultMs: milliseconds(50, 120_000),
  }),
  log: z.strictObject({
    level: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
    successSampleRatio: z.number().min(0).max(1),
  }),
  telemetry: z.strictObject({
    channels: labelValues,
    media: labelValues,
    serverTiming: z.boolean(),
    propagation: z
      .array(z.enum(["b3", "b3multi", "tracecontext"]))
      .max(3)
      .refine(hasNoDuplicates, "must not name a format twice"),
  }),
  classify: z.strictObject({
    model: z.string().min(1).max(100),
    threshold: z.number().min(0).max(1),
  }),
  transcribe: z.strictObject({
    model: z.string().min(1).max(100),
  }),
  audio: z.strictObject({
    decoder: z.enum(["node-av", "ffmpeg"]),
    maxUploadBytes: z.int().min(1_024).max(1_099_511_627_776),
    maxSeconds: z.int().min(1).max(604_800),
    maxConcurrent: z.int().min(1).max(1_024),
    spoolBytes: z.int().min(1_048_576).max(17_592_186_044_416),
    sandbox: z.enum(["auto", "require"]),
    spares: z.int().min(0).max(64),
  }),
  text: z.strictObject({
    timeLimitMs: milliseconds(10, 60_000),
  }),
  scheduler: z.strictObject({
    maxQueueSize: z.int().min(1).max(1_000_000),
    maxQueueTokens: z.int().min(4_096).max(1_000_000_000),
    maxBatchSize: autoOr(1, 1_024),
    maxBatchTokens: autoOr(128, 1_048_576),
  }),
  processes: z
    .strictObject({
      startTimeoutMs: milliseconds(100, 3_600_000),
      runLimitFloorMs: milliseconds(10, 600_000),
      runLimitFactor: z.number().min(1).max(1_000),
      stopTimeoutMs: milliseconds(0, 600_000),
      backoffInitialMs: milliseconds(1, 600_000),
      backoffMaxMs: milliseconds(1, 3_600_000),
      giveUpAfterFailures: z.int().min(1).max(1_000),
      giveUpRetryMs: milliseconds(1, 86_400_000),
      niceness: z.int().min(0).max(19),
    })
    .refine((processes) => processes.backoffInitialMs <= processes.backoffMaxMs, {
      path: ["backoffInitialMs"],
      error: "must not exceed processes.backoffMaxMs",
    }),
  memory: z.strictObject({
    sampleMs: milliseconds(10, 3_600_000),
    windowSamples: z.int().min(32).max(10_000),
    horizonSeconds: z.number().min(0).max(86_400),
    processLimitBytes: z.union([z.literal("auto"), z.int().min(67_108_864).max(Number.MAX_SAFE_INTEGER)], {
      error: "must be auto, or an integer from 67108864",
    }),
    maxReplacementsPerHour: z.int().min(0).max(1_000),
  }),
  health: z.strictObject({
    periodMs: milliseconds(100, 3_600_000),
    maxRestartsPerMinute: z.int().min(0).max(10_000),
    maxEventLoopDelayMs: milliseconds(10, 60_000),
    minSpoolFreeBytes: z.int().min(0).max(17_592_186_044_416),
  }),
  shutdown: z
    .strictObject({
      readinessDelayMs: milliseconds(0, 600_000),
      timeoutMs: milliseconds(0, 600_000),
    })
    .refine((shutdown) => shutdown.readinessDelayMs <= shutdown.timeoutMs, {
      path: ["readinessDelayMs"],
      error: "must not exceed shutdown.timeoutMs",
    }),
});

/** The whole of `config/models.yaml`. */
export const modelsFileSchema = z.strictObject({
  models: z
    .array(modelSchema)
    .min(1)
    .max(64)
    .refine((models) => hasNoDuplicates(models.map((model) => model.folder)), "must not name a folder twice"),
});

/** The settings that the service runs with: complete, checked and deeply frozen. */
export type Config = DeepReadonly<z.infer<typeof settingsSchema> & z.infer<typeof modelsFileSchema>>;

/**
 * Keys whose change is taken over only by a restart: those with which the HTTP server is created, those with which
 * secrets are followed, those by which the machine was judged, and those with which the audio stage starts. All others
 * are read when they are needed.
 */
export const keysThatNeedRestart: readonly string[] = [
  "server.host",
  "server.port",
  "server.trustProxy",
  "server.maxConnections",
  "server.maxConcurrentRequests",
  "server.maxHeaderBytes",
  "server.headersTimeoutMs",
  "server.requestTimeoutMs",
  "server.keepAliveTimeoutMs",
  "auth.keysFile",
  "secrets.folder",
  "secrets.overlapMs",
  "hardware.profile",
  "hardware.requireGpu",
  "audio.decoder",
  "audio.maxSeconds",
  "audio.sandbox",
  "audio.spares",
];

type DeepReadonly<Value> = Value extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
    : Value;

function hasNoDuplicates(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}
