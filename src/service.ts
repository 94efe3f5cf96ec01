import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { ConcurrencyLimit } from "./admission/concurrency-limit.ts";
import type { KeyRecords } from "./admission/keys/key-records.ts";
import { nextExpiry } from "./admission/keys/next-expiry.ts";
import { UploadRoom } from "./admission/upload-room.ts";
import { describeProblem } from "./config/config-error.ts";
import type { Environment } from "./config/environment-layer.ts";
import { loadConfig, projectRoot } from "./config/load-config.ts";
import { takeTracingEnvironment } from "./config/tracing-environment.ts";
import type { Config } from "./config.ts";
import { ConfigStore } from "./config-store.ts";
import { EventBus } from "./events.ts";
import { openHardware } from "./hardware/hardware.ts";
import { Health } from "./health/health.ts";
import { describeHealth } from "./health/health-overview.ts";
import { HealthWatch } from "./health/health-watch.ts";
import { ReadinessNews } from "./health/readiness-news.ts";
import { createApp } from "./http/app.ts";
import { type AnyLocalModel, LocalModels } from "./local-models.ts";
import { openBuckets } from "./open-buckets.ts";
import { openSecrets, takeSecrets } from "./open-secrets.ts";
import { OperatorError } from "./operator-error.ts";
import { AudioProcesses } from "./processes/audio-processes.ts";
import { MemoryWatch, systemMemory } from "./processes/memory-watch.ts";
import { hasParentDeathSignal } from "./processes/parent-death-signal.ts";
import { missingKeysProblem } from "./require-keys.ts";
import type { ServedModel } from "./tasks/served-model.ts";
import { logEvents } from "./telemetry/event-log.ts";
import { createLogger } from "./telemetry/logger.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { openTracing } from "./telemetry/tracing/tracing.ts";

/** A running service, as `main.ts` and the tests hold it. */
export interface Service {
  readonly app: FastifyInstance;
  readonly events: EventBus;
  /** Starts to listen, then opens the models; resolves with the address when it listens. */
  start(): Promise<string>;
  /** Reads the secrets and the configuration again and takes over what changed. */
  reload(): void;
  /**
   * Readiness falls, accepted work is finished, everything is stopped. Resolves with whether all of it was done within
   * `shutdown.timeoutMs`; what was not is cut off.
   */
  close(reason: string): Promise<boolean>;
  /** Ends every child and connection now. */
  kill(): void;
}

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const noKeys: KeyRecords = new Map();

/** What is left of traces may hold up the end of the service for so long, in milliseconds, within its time limit. */
const traceFlushMs = 2_000;

/** The answers to what is cut off may take so long to leave, in milliseconds. */
const lastAnswersMs = 250;

/** What no operator has asked to change about transcriptions. */
const transcriptionLimits = {
  /** Speech codecs make 600 and more while somebody speaks; those that send little in silence still make about this. */
  minBytesPerSecond: 100,
  deadlineFloorMs: 120_000,
  /** Proxies give up after 30 s or more of silence. */
  heartbeatMs: 15_000,
};

/**
 * Builds every object once, in dependency order.
 * @throws ConfigError with every problem of the configuration; OperatorError for secrets that cannot be used, when none keep
 * strangers out, or when the machine lacks the hardware that the settings name.
 */
export async function createService(environment?: Environment): Promise<Service> {
  const startedAt = performance.now();
  // Before anything starts a child, which would inherit them.
  const secretVariables = takeSecrets(environment);
  const tracingEnvironment = takeTracingEnvironment(environment);
  const events = new EventBus((event, error) => {
    logger.subscriberFailed(event, error);
    if (event !== "subscriber_failed") {
      events.emit("subscriber_failed", { event });
    }
  });
  const config = new ConfigStore(
    () => loadConfig(environment),
    events,
    (next) => {
      requireKeys(next);
      return applyModels(next);
    },
  );
  const hardware = await openHardware(config.current().hardware);
  if (hardware.problems.length > 0) {
    throw new OperatorError(`the machine is not what the settings want: ${hardware.problems.join("; ")}`);
  }
  const models: LocalModels = new LocalModels(
    () => config.current(),
    hardware,
    events,
    (model) => watch.prove(model),
  );
  const logger = createLogger({
    level: () => config.current().log.level,
    version,
    onLinesLost: (lines) => events.emit("log_lines_lost", { lines }),
  });
  logEvents(events, logger, () => config.current());

  const audio = new AudioProcesses({ settings: () => config.current().audio, root: projectRoot, events });
  let audioStart: Promise<void> | null = null;
  let isAudioStarted = false;
  const requireKeys = (next: Config): void => {
    const problem = missingKeysProblem(next, secrets.current("keys") !== null);
    if (problem !== null) {
      throw new OperatorError(problem);
    }
  };
  const applyModels = async (next: Config): Promise<void> => {
    await models.apply(next);
    if (models.list().some(isSpeechModel)) {
      audioStart ??= audio.start();
      await audioStart;
      isAudioStarted = true;
    }
  };
  const audioDetail = (): string => audio.problem ?? (isAudioStarted ? "" : "the audio stage has not started yet");
  const needsAudio = (): boolean => models.list().some(isRequiredSpeechModel);

  let isUnready = false;
  let isDraining = false;
  const cutOff = new AbortController();
  const watch = new HealthWatch({
    settings: () => config.current().health,
    models: () => models.list(),
    events,
    onLook: () => news.tell(health.ready()),
  });
  const news = new ReadinessNews(events);
  const health = new Health<AnyLocalModel>({
    models: () => models.list(),
    modelDetail: (model) => watch.watchOf(model).detail(performance.now()),
    audioDetail: () => (needsAudio() ? audioDetail() : ""),
    spoolDetail: () => (needsAudio() ? watch.machine.spoolDetail() : ""),
    eventLoopDetail: () => watch.eventLoopDetail(),
    isDraining: () => isUnready,
    isInMaintenance: () => config.current().service.maintenance,
  });
  const memory = new MemoryWatch({
    models: () => models.list(),
    settings: () => config.current().memory,
    events,
    sources: systemMemory,
  });
  const { maxConcurrentRequests } = config.current().server;
  const permits = new ConcurrencyLimit(() => maxConcurrentRequests);
  const uploadRoom = new UploadRoom(() => config.current().audio);
  const metrics = new Metrics({
    config: () => config.current(),
    models: () => models.list(),
    activeRequests: () => permits.inUse,
    memory: () => memory.statistics(),
    uploads: () => uploadRoom,
    nextKeyExpiry: () => nextExpiry(secrets.current("keys") ?? noKeys, Date.now()),
    health: () => {
      const { status, checks } = health.ready();
      const { machine } = watch;
      return {
        isReady: status === "ok",
        checks,
        eventLoopDelayMs: watch.eventLoopDelayMs,
        spoolFreeBytes: machine.spool.latest().facts?.freeBytes ?? null,
        host: machine.memory.latest().facts.host,
        gpus: machine.gpu.latest().facts,
      };
    },
    events,
    version,
  });
  const tracing = await openTracing(tracingEnvironment.settings, { events, config: () => config.current(), version });
  const secrets = openSecrets(config.current(), secretVariables, events);
  requireKeys(config.current());
  const buckets = await openBuckets(secrets, () => config.current().rateLimit, events);
  const app = await createApp({
    config: () => config.current(),
    events,
    models,
    health: {
      live: () => health.live(),
      ready: () => health.ready(),
      started: () => health.started(),
      overview: () => {
        const { status, checks } = health.ready();
        return {
          status,
          checks: describeHealth(watch.machine, watch.models),
          readiness: checks,
          sandbox: audio.sandbox,
        };
      },
    },
    metricsText: async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", body: await metrics.text() }),
    speech: {
      audio,
      room: uploadRoom,
      limits: ({ audio: { maxUploadBytes, maxSeconds } }) => ({
        maxBytes: maxUploadBytes,
        maxSeconds,
        ...transcriptionLimits,
      }),
    },
    state: () => (isDraining ? "draining" : "serving"),
    cutOff: cutOff.signal,
    permits,
    keys: {
      hasList: () => secrets.current("keys") !== null,
      records: () => secrets.current("keys") ?? noKeys,
      refresh: () => secrets.refresh(),
      now: () => Date.now(),
    },
    buckets: buckets.current,
    decideSampling: (trace, route) => tracing.decideSampling(trace, route),
    version,
  });

  let wasReady = false;
  events.on("readiness_changed", ({ isReady }) => {
    if (isReady && !wasReady) {
      wasReady = true;
      events.emit("service_ready", { startMs: performance.now() - startedAt });
    }
  });
  events.on("audio_ready", () => watch.look());

  const announceSecurity = (address: string): void => {
    const isOff = config.current().auth.mode === "none";
    if (isOff || secrets.current("keys") === null) {
      events.emit("auth_disabled", { address, reason: isOff ? "mode_none" : "no_keys" });
    }
    for (const warning of secrets.warnings) {
      events.emit("secret_warned", { warning: describeProblem(warning) });
    }
  };

  const kill = (): void => {
    models.kill();
    void audio.close();
    app.server.closeAllConnections();
  };

  const finish = async (): Promise<true> => {
    await app.close();
    await audio.close();
    await models.close();
    await buckets.close();
    return true;
  };

  return {
    app,
    events,
    async start() {
      const { host, port } = config.current().server;
      const address = await app.listen({ host, port });
      events.emit("service_started", { address });
      announceSecurity(address);
      for (const warning of tracingEnvironment.warnings) {
        events.emit("tracing_warned", { warning });
      }
      config.watch();
      secrets.watch();
      if (!hasParentDeathSignal()) {
        const error = new OperatorError("setpriv is not installed: a stuck inference process may outlive the service");
        events.emit("error_occurred", { where: "start", error });
      }
      memory.start();
      watch.look();
      try {
        await applyModels(config.current());
      } catch (error) {
        // A start that was given up for a shutdown has not failed.
        if (!isUnready) {
          throw error;
        }
      }
      watch.look();
      return address;
    },
    reload() {
      secrets.look();
      void config.reload();
    },
    async close(reason) {
      isUnready = true;
      events.emit("service_draining", { reason });
      watch.look();
      watch.close();
      config.close();
      secrets.close();
      memory.close();
      const { readinessDelayMs, timeoutMs } = config.current().shutdown;
      const cutOffAt = performance.now() + timeoutMs;
      await sleep(readinessDelayMs);
      isDraining = true;
      const finished = finish();
      const isClean = await Promise.race([finished, sleep(timeoutMs - readinessDelayMs, false, { ref: false })]);
      if (!isClean) {
        cutOff.abort();
        await Promise.race([finished, sleep(lastAnswersMs)]);
        kill();
      }
      await tracing.close(Math.min(traceFlushMs, Math.max(0, cutOffAt - performance.now())));
      events.emit("service_stopped", { reason });
      await logger.flush();
      return isClean;
    },
    kill,
  };
}

function isSpeechModel({ task }: ServedModel): boolean {
  return task === "automatic-speech-recognition";
}

function isRequiredSpeechModel(model: ServedModel): boolean {
  return model.isRequired && isSpeechModel(model);
}
