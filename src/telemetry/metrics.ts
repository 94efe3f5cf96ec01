import { collectDefaultMetrics, Registry } from "prom-client";
import type { Config } from "../config.ts";
import { type EventBus, isWantedExit, type ServiceEvents } from "../events.ts";
import { boundedValue } from "./bounded-value.ts";
import { gaugeReaders, type MetricSources } from "./gauge-readers.ts";
import { createInstruments, type Instruments, type LabelsOf } from "./instruments.ts";
import { type MetricTable, metricTable } from "./metric-table.ts";

/** Gauges of prom-client whose names end like a counter's, which `promtool check metrics` refuses. */
const misnamedDefaults = [
  "nodejs_active_resources_total",
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
];

export interface MetricsOptions extends Omit<MetricSources, "app"> {
  readonly config: () => Config;
  readonly events: EventBus;
  /** Version of the service. */
  readonly version: string;
}

/** Counts what the stages tell on the event bus, and shows it in Prometheus' text format. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #instruments: Instruments;
  readonly #config: () => Config;
  readonly #models: MetricSources["models"];

  /** The scrape that is being answered, by its number. */
  #scrape = 0;

  constructor(options: MetricsOptions) {
    const { config, events, models, version } = options;
    this.#config = config;
    this.#models = models;
    const app = (): ReturnType<MetricSources["app"]> => {
      const { classify, service } = config();
      return { version, model: classify.model, environment: service.environment };
    };
    const readers = gaugeReaders({
      ...options,
      app,
      health: this.#oncePerScrape(options.health),
      memory: this.#oncePerScrape(options.memory),
    });
    this.#instruments = createInstruments(metricTable, this.#registry, readers, (metric) => {
      this.#instruments.readFailures.add({ metric });
    });
    this.#instruments.rateLimitShared.set([[{}, 0]]);
    collectDefaultMetrics({ register: this.#registry });
    for (const name of misnamedDefaults) {
      this.#registry.removeSingleMetric(name);
    }
    this.#countRequests(events);
    this.#countAudio(events);
    this.#countProcesses(events);
    this.#countSecurity(events);
    this.#countHealth(events);
    this.#countTelemetry(events);
    this.#beginAtZero(events);
  }

  /** Every metric in Prometheus' text format, version 0.0.4. */
  text(): Promise<string> {
    this.#scrape++;
    return this.#registry.metrics();
  }

  /** All gauges of one scrape tell of one moment, and it is judged once. */
  #oncePerScrape<Facts>(read: () => Facts): () => Facts {
    let last: { readonly scrape: number; readonly facts: Facts } | null = null;
    return () => {
      if (last?.scrape !== this.#scrape) {
        last = { scrape: this.#scrape, facts: read() };
      }
      return last.facts;
    };
  }

  #countRequests(events: EventBus): void {
    const { batchSize, configReloads, internalErrors, scores } = this.#instruments;
    events.on("request_finished", (request) => this.#countRequest(request));
    events.on("text_classified", (text) => {
      for (const { label, score } of text.scores) {
        scores.observe({ label }, score);
      }
    });
    events.on("batch_completed", ({ model, windows }) => batchSize.observe({ model_name: model }, windows));
    events.on("config_reloaded", () => configReloads.add({ status: "success" }));
    events.on("config_rejected", () => configReloads.add({ status: "error" }));
    events.on("error_occurred", ({ where }) => internalErrors.add({ where }));
  }

  #countAudio(events: EventBus): void {
    const { audioCrashes, audioSeconds, realtimeFactor } = this.#instruments;
    events.on("audio_process_crashed", () => audioCrashes.add({}));
    events.on("audio_processed", ({ model, audioMs, processingMs }) => {
      audioSeconds.add({ model_name: model }, audioMs / 1_000);
      if (audioMs > 0) {
        realtimeFactor.observe({ model_name: model }, processingMs / audioMs);
      }
    });
  }

  #countProcesses(events: EventBus): void {
    const { batchFallbacks, processReplacements, processRestarts, providerFallbacks, textWorkerRestarts } =
      this.#instruments;
    events.on("batch_fell_back", ({ model, step }) => batchFallbacks.add({ model_name: model, step }));
    events.on("execution_provider_fell_back", ({ model, provider, reason }) => {
      providerFallbacks.add({ model_name: model, provider, reason });
    });
    events.on("process_replaced", ({ model, reason, outcome }) => {
      processReplacements.add({ model_name: model, reason, outcome });
    });
    events.on("process_exited", ({ model, reason }) => {
      if (!isWantedExit(reason)) {
        processRestarts.add({ model_name: model, reason });
      }
    });
    events.on("text_worker_restarted", ({ model, reason }) => textWorkerRestarts.add({ model_name: model, reason }));
  }

  #countSecurity(events: EventBus): void {
    const { rateLimitLosses, rateLimitShared, secretFailures, secretTimestamp, secretVersion } = this.#instruments;
    events.on("rate_limit_store_changed", ({ isShared }) => {
      rateLimitShared.set([[{}, isShared ? 1 : 0]]);
      if (!isShared) {
        rateLimitLosses.add({});
      }
    });
    const inForce = new Map<string, ServiceEvents["secret_version_changed"]>();
    events.on("secret_version_changed", (changed) => {
      inForce.set(changed.bundle, changed);
      const versions = [...inForce.values()];
      secretVersion.set(versions.map(({ bundle, version }) => [{ bundle, version: String(version) }, 1]));
      secretTimestamp.set(versions.map(({ bundle, writtenAt }) => [{ bundle }, writtenAt / 1_000]));
    });
    events.on("secret_rotation_failed", ({ bundle, reason }) => secretFailures.add({ bundle, reason }));
  }

  #countHealth(events: EventBus): void {
    const { collectorFailures, modelCanaries } = this.#instruments;
    events.on("canary_finished", ({ model, result }) => modelCanaries.add({ model_name: model, result }));
    events.on("collector_failed", ({ collector }) => collectorFailures.add({ collector }));
  }

  #countTelemetry(events: EventBus): void {
    const { logLinesLost, lostSpans, subscriberFailures } = this.#instruments;
    events.on("subscriber_failed", ({ event }) => subscriberFailures.add({ event }));
    events.on("log_lines_lost", ({ lines }) => logLinesLost.add({}, lines));
    events.on("spans_lost", ({ spans, reason }) => lostSpans.add({ reason }, spans));
  }

  /** Begins to count what a model or a bundle may come to: Prometheus sees no increase in a series that begins at 1. */
  #beginAtZero(events: EventBus): void {
    const {
      batchFallbacks,
      modelCanaries,
      processReplacements,
      processRestarts,
      providerFallbacks,
      secretFailures,
      textWorkerRestarts,
    } = this.#instruments;
    const { labels: replaced } = metricTable.processReplacements;
    const { provider: providers, reason: fallbackReasons } = metricTable.providerFallbacks.labels;
    events.on("process_started", ({ model: model_name }) => {
      metricTable.batchFallbacks.labels.step.forEach((step) => batchFallbacks.add({ model_name, step }, 0));
      for (const provider of providers) {
        fallbackReasons.forEach((reason) => providerFallbacks.add({ model_name, provider, reason }, 0));
      }
      metricTable.processRestarts.labels.reason.forEach((reason) => processRestarts.add({ model_name, reason }, 0));
      metricTable.textWorkerRestarts.labels.reason.forEach((reason) =>
        textWorkerRestarts.add({ model_name, reason }, 0),
      );
      metricTable.modelCanaries.labels.result.forEach((result) => modelCanaries.add({ model_name, result }, 0));
      for (const reason of replaced.reason) {
        replaced.outcome.forEach((outcome) => processReplacements.add({ model_name, reason, outcome }, 0));
      }
    });
    events.on("secret_version_changed", ({ bundle }) => {
      metricTable.secretFailures.labels.reason.forEach((reason) => secretFailures.add({ bundle, reason }, 0));
    });
  }

  #countRequest(request: ServiceEvents["request_finished"]): void {
    const {
      errors,
      httpDuration,
      inferenceDuration,
      preprocessDuration,
      queueDuration,
      rateLimitRejections,
      requests,
    } = this.#instruments;
    const { method, route, statusCode, facts } = request;
    httpDuration.observe({ method, route, status_code: String(statusCode) }, request.durationMs / 1_000);
    const limit = metricTable.rateLimitRejections.labels.reason.find((reason) => reason === facts["limit"]);
    if (request.code === "rate_limit_exceeded" && limit !== undefined) {
      rateLimitRejections.add({ reason: limit });
    }
    if (!request.isTask) {
      return;
    }
    const { channels, media } = this.#config().telemetry;
    requests.add({
      channel: boundedValue(request.channel, channels),
      media: boundedValue(request.media, media),
      status: statusCode < 400 ? "success" : "error",
    });
    if (request.code !== null) {
      errors.add({ code: request.code });
    }
    if (request.steps !== null) {
      const names = this.#models().map((model) => model.identity.name);
      const labels: LabelsOf<MetricTable["inferenceDuration"]> = { model_name: boundedValue(request.model, names) };
      inferenceDuration.observe(labels, request.steps.inferenceMs / 1_000);
      queueDuration.observe(labels, request.steps.queueMs / 1_000);
      preprocessDuration.observe(labels, request.steps.preprocessMs / 1_000);
    }
  }
}
