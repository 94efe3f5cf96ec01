import { collectDefaultMetrics, Registry } from "prom-client";
import type { Config } from "../config.ts";
import type { EventBus, ServiceEvents } from "../events.ts";
import { defineMetrics, type MetricSources, type MetricTable } from "./metric-definitions.ts";

/** Gauges of prom-client whose names end like a counter's, which `promtool check metrics` refuses. */
const misnamedDefaults = [
  "nodejs_active_resources_total",
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
];

export interface MetricsOptions extends Pick<MetricSources, "models" | "activeRequests"> {
  readonly config: () => Config;
  readonly events: EventBus;
  /** Version of the service. */
  readonly version: string;
}

/** Counts what the stages tell on the event bus, and shows it in Prometheus' text format. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #table: MetricTable;
  readonly #config: () => Config;
  readonly #models: MetricSources["models"];

  constructor({ config, events, models, activeRequests, version }: MetricsOptions) {
    this.#config = config;
    this.#models = models;
    const app = (): ReturnType<MetricSources["app"]> => {
      const { classify, service } = config();
      return { version, model: classify.model, environment: service.environment };
    };
    this.#table = defineMetrics(this.#registry, { app, models, activeRequests });
    collectDefaultMetrics({ register: this.#registry });
    for (const name of misnamedDefaults) {
      this.#registry.removeSingleMetric(name);
    }
    this.#subscribe(events);
    this.#subscribeSecurity(events);
  }

  /** Every metric in Prometheus' text format, version 0.0.4. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #subscribe(events: EventBus): void {
    const { audioCrashes, audioSeconds, batchSize, processRestarts, realtimeFactor, scores, textWorkerRestarts } =
      this.#table;
    events.on("request_finished", (request) => this.#countRequest(request));
    events.on("text_classified", (text) => {
      for (const { label, score } of text.scores) {
        scores.observe({ label }, score);
      }
    });
    events.on("audio_process_crashed", () => audioCrashes.inc());
    events.on("audio_processed", ({ model, audioMs, processingMs }) => {
      audioSeconds.inc({ model_name: model }, audioMs / 1_000);
      if (audioMs > 0) {
        realtimeFactor.observe({ model_name: model }, processingMs / audioMs);
      }
    });
    events.on("batch_completed", ({ model, windows }) => batchSize.observe({ model_name: model }, windows));
    events.on("process_exited", ({ model, reason }) => {
      if (reason !== "stopped") {
        processRestarts.inc({ model_name: model, reason });
      }
    });
    events.on("text_worker_restarted", ({ model, reason }) => textWorkerRestarts.inc({ model_name: model, reason }));
  }

  #subscribeSecurity(events: EventBus): void {
    const { rateLimitLosses, rateLimitShared, secretFailures, secretVersion } = this.#table;
    events.on("rate_limit_store_changed", ({ isShared }) => {
      rateLimitShared.set(isShared ? 1 : 0);
      if (!isShared) {
        rateLimitLosses.inc();
      }
    });
    const versions = new Map<string, number>();
    events.on("secret_version_changed", ({ bundle, version }) => {
      const before = versions.get(bundle);
      if (before !== undefined) {
        secretVersion.remove({ bundle, version: before });
      }
      versions.set(bundle, version);
      secretVersion.set({ bundle, version }, 1);
    });
    events.on("secret_rotation_failed", ({ bundle, reason }) => secretFailures.inc({ bundle, reason }));
  }

  #countRequest(request: ServiceEvents["request_finished"]): void {
    const { method, route, statusCode } = request;
    this.#table.httpDuration.observe({ method, route, status_code: statusCode }, request.durationMs / 1_000);
    if (request.code === "rate_limit_exceeded") {
      this.#table.rateLimitRejections.inc({ reason: String(request.facts["limit"]) });
    }
    if (!request.isTask) {
      return;
    }
    const { channels, media } = this.#config().telemetry;
    this.#table.requests.inc({
      channel: labelValue(request.channel, channels),
      media: labelValue(request.media, media),
      status: statusCode < 400 ? "success" : "error",
    });
    if (request.code !== null) {
      this.#table.errors.inc({ code: request.code });
    }
    if (request.steps !== null) {
      const names = this.#models().map((model) => model.identity.name);
      const labels = { model_name: labelValue(request.model, names) };
      this.#table.inferenceDuration.observe(labels, request.steps.inferenceMs / 1_000);
      this.#table.queueDuration.observe(labels, request.steps.queueMs / 1_000);
    }
  }
}

/** What a client sent, if it is one of the known values: nobody can grow the set of labels. */
function labelValue(value: string | null, known: readonly string[]): string {
  if (value === null) {
    return "none";
  }
  return known.includes(value) ? value : "other";
}
