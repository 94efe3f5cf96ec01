import type { Buckets } from "../../src/admission/bill.ts";
import { ConcurrencyLimit } from "../../src/admission/concurrency-limit.ts";
import type { KeyRecords } from "../../src/admission/keys/key-records.ts";
import { MemoryStore } from "../../src/admission/rate-limit/memory-store.ts";
import { UploadRoom } from "../../src/admission/upload-room.ts";
import type { Config } from "../../src/config.ts";
import type { EventBus, ServiceEvents } from "../../src/events.ts";
import type { HealthOverview, HealthReport } from "../../src/health/health-report.ts";
import { type App, createApp } from "../../src/http/app.ts";
import type { DecideSampling } from "../../src/http/exchange.ts";
import type { TranscriptionLimits } from "../../src/http/transcription-run.ts";
import { collectEvents, strictEventBus } from "./event-bus.ts";
import { FakeAudioUploads } from "./fake-audio-uploads.ts";
import { FakeModelDirectory } from "./fake-model-directory.ts";
import { FakeServedModel } from "./fake-served-model.ts";

/** Settings that differ from the defaults. */
export type FakeAppChanges = {
  readonly [Section in
    | "service"
    | "server"
    | "auth"
    | "rateLimit"
    | "deadline"
    | "telemetry"
    | "classify"
    | "audio"]?: Partial<Config[Section]>;
};

export interface FakeApp extends AsyncDisposable {
  readonly app: App;
  readonly events: EventBus;
  readonly received: ServiceEvents["request_received"][];
  readonly finished: ServiceEvents["request_finished"][];
  readonly failures: ServiceEvents["error_occurred"][];
  readonly model: FakeServedModel;
  readonly directory: FakeModelDirectory;
  readonly health: { live: HealthReport; ready: HealthReport; started: HealthReport };
  readonly uploads: FakeAudioUploads;
  limits: TranscriptionLimits;
  state: "serving" | "draining";
  readonly cutOff: AbortController;
  config: Config;
  /** The list of API keys; null for none. */
  keys: KeyRecords | null;
  refreshKeys: () => Promise<void>;
  /** Milliseconds since 1970, for keys. */
  now: number;
  buckets: Buckets;
  /** The clock of the buckets, in milliseconds. */
  clockMs: number;
  metricsText: () => Promise<{ contentType: string; body: string }>;
  decideSampling: DecideSampling;
  /** Listens on a free port of the loopback interface. */
  listen(): Promise<number>;
}

/** The HTTP edge over a fake model; `changes` are settings that differ from the defaults. */
export async function fakeApp(changes: FakeAppChanges = {}): Promise<FakeApp> {
  const events = strictEventBus();
  const model = new FakeServedModel();
  const directory = new FakeModelDirectory(model);
  const health = { live: healthy("process"), ready: healthy("models"), started: healthy("start") };
  const fake: Omit<FakeApp, "app" | "listen" | typeof Symbol.asyncDispose> = {
    events,
    received: collectEvents(events, "request_received"),
    finished: collectEvents(events, "request_finished"),
    failures: collectEvents(events, "error_occurred"),
    model,
    directory,
    health,
    uploads: new FakeAudioUploads(),
    limits: {
      maxBytes: 10_000_000,
      maxSeconds: 3_600,
      minBytesPerSecond: 100,
      deadlineFloorMs: 120_000,
      heartbeatMs: 15_000,
    },
    state: "serving",
    config: fakeConfig(changes),
    keys: null,
    refreshKeys: () => Promise.resolve(),
    now: Date.parse("2026-01-01T00:00:00Z"),
    buckets: { store: new MemoryStore(1_000, () => fake.clockMs), leastShare: 1 },
    clockMs: 0,
    metricsText: () => Promise.resolve({ contentType: "text/plain; version=0.0.4", body: "up 1\n" }),
    decideSampling: () => null,
    cutOff: new AbortController(),
  };
  const app = await createApp({
    permits: new ConcurrencyLimit(() => fake.config.server.maxConcurrentRequests),
    config: () => fake.config,
    events,
    models: directory,
    health: {
      live: () => health.live,
      ready: () => health.ready,
      started: () => health.started,
      overview: () => ({
        status: health.ready.status,
        checks: fakeFacts,
        readiness: health.ready.checks,
        sandbox: ["prlimit"],
      }),
    },
    metricsText: () => fake.metricsText(),
    speech: { audio: fake.uploads, limits: () => fake.limits, room: new UploadRoom(() => fake.config.audio) },
    state: () => fake.state,
    cutOff: fake.cutOff.signal,
    keys: {
      hasList: () => fake.keys !== null,
      records: () => fake.keys ?? new Map(),
      refresh: () => fake.refreshKeys(),
      now: () => fake.now,
    },
    buckets: () => fake.buckets,
    decideSampling: (trace, route) => fake.decideSampling(trace, route),
    version: "0.1.0",
  });
  return Object.assign(fake, {
    app,
    listen: async () => {
      await app.listen({ host: "127.0.0.1", port: 0 });
      const address = app.server.address();
      if (address === null || typeof address === "string") {
        throw new Error("The app does not listen on a port.");
      }
      return address.port;
    },
    [Symbol.asyncDispose]: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  });
}

/** More than any test asks for: the clock of the fake stands still. */
const plenty = { burst: 1_000_000_000, refillPerSecond: 1_000_000 };

/** The defaults of `config/default.yaml`, as far as the HTTP edge reads them; nobody asks for too much. */
export function fakeConfig(changes: FakeAppChanges = {}): Config {
  return {
    service: { environment: "test", maintenance: false, ...changes.service },
    server: {
      host: "127.0.0.1",
      port: 0,
      trustProxy: false,
      maxConnections: 10_000,
      maxConcurrentRequests: 1_024,
      bodyLimitBytes: 4_194_304,
      maxHeaderBytes: 16_384,
      headersTimeoutMs: 10_000,
      requestTimeoutMs: 30_000,
      keepAliveTimeoutMs: 72_000,
      ...changes.server,
    },
    auth: { mode: "auto", keysFile: "", ...changes.auth },
    secrets: { folder: "", overlapMs: 300_000 },
    rateLimit: {
      enabled: true,
      tiers: {
        default: plenty,
        anonymous: plenty,
      },
      routeShare: 0.9,
      clientIdShare: 0.5,
      mistakes: plenty,
      costPerText: 1,
      costPer1000Tokens: 1,
      costPerAudioSecond: 1,
      redisTimeoutMs: 50,
      redisShare: 0.5,
      ...changes.rateLimit,
    },
    hardware: { profile: "auto", requireGpu: false },
    deadline: { defaultMs: 30_000, ...changes.deadline },
    log: { level: "info", successSampleRatio: 1 },
    telemetry: {
      channels: [],
      media: [],
      serverTiming: false,
      propagation: ["b3", "tracecontext"],
      ...changes.telemetry,
    },
    classify: { model: "camembert-toxicity-fr", threshold: 0.5, ...changes.classify },
    transcribe: { model: "whisper-base" },
    audio: {
      decoder: "node-av",
      maxUploadBytes: 10_000_000,
      maxSeconds: 3_600,
      maxConcurrent: 16,
      spoolBytes: 100_000_000,
      sandbox: "auto",
      spares: 1,
      ...changes.audio,
    },
    text: { timeLimitMs: 2_000 },
    scheduler: { maxQueueSize: 256, maxQueueTokens: 2_000_000, maxBatchSize: 32, maxBatchTokens: 1_024 },
    processes: {
      startTimeoutMs: 60_000,
      runLimitFloorMs: 2_000,
      runLimitFactor: 10,
      stopTimeoutMs: 5_000,
      backoffInitialMs: 200,
      backoffMaxMs: 30_000,
      giveUpAfterFailures: 5,
      giveUpRetryMs: 60_000,
      niceness: 5,
    },
    memory: {
      sampleMs: 2_000,
      windowSamples: 60,
      horizonSeconds: 300,
      processLimitBytes: "auto",
      maxReplacementsPerHour: 6,
    },
    health: {
      periodMs: 10_000,
      maxRestartsPerMinute: 10,
      maxEventLoopDelayMs: 250,
      minSpoolFreeBytes: 67_108_864,
    },
    shutdown: { readinessDelayMs: 0, timeoutMs: 25_000 },
    models: [],
  };
}

const known = { status: "ok", detail: "", ageMs: 12.5 } as const;

/** A machine without a GPU, of which nothing bad is known. */
export const fakeFacts: HealthOverview["checks"] = {
  gpu: { ...known, detail: "none", devices: [] },
  memory: { ...known, host: { totalBytes: 2e9, availableBytes: 1e9 }, cgroup: null, service: null, children: [] },
  disk: { ...known, spool: { totalBytes: 5e9, freeBytes: 4e9 }, models: null },
  models: {
    ...known,
    models: [
      {
        name: "camembert-toxicity-fr",
        version: "1.0.0",
        digest: `sha256:${"0".repeat(64)}`,
        status: "ok",
        detail: "",
        isRequired: true,
        device: "cpu",
        cudaRuntime: null,
        devicesSetAside: [],
        precision: "int8",
        deviceTiming: null,
        state: "ready",
        lastCanary: { at: "2026-01-01T00:00:00.000Z", result: "ok" },
        lastAnswerAt: "2026-01-01T00:00:00.000Z",
        restarts: 0,
      },
    ],
  },
};

export function healthy(name: string): HealthReport {
  return { status: "ok", checks: [{ name, status: "ok", detail: "fine", since: "2026-01-01T00:00:00.000Z" }] };
}
