import { randomBytes, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace as traces,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BatchSpanProcessor, type IdGenerator, TracerProvider } from "@opentelemetry/sdk-trace";
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from "@opentelemetry/semantic-conventions";
import type { TracingSettings } from "../../config/tracing-environment.ts";
import type { Config } from "../../config.ts";
import type { ServiceEvents, TraceContext } from "../../events.ts";
import { epochOffset, toHrTime } from "./epoch.ts";
import { SpanLosses } from "./lost-spans.ts";
import { describeSpans, type SpanDescription } from "./request-spans.ts";
import { isSampled } from "./sampling.ts";
import type { Tracing, TracingOptions } from "./tracing.ts";

type FinishedRequest = ServiceEvents["request_finished"];
type ExporterConfig = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;

const defaultServiceName = "guardrail-api";

/**
 * Makes the spans of each recorded request when it is finished, and exports them by OTLP over HTTP in batches. The only
 * user of OpenTelemetry's SDK: what was decided and measured comes from the request.
 */
export class OtlpTracing implements Tracing {
  readonly #settings: TracingSettings;
  readonly #config: () => Config;
  readonly #ids = new GivenIds();
  readonly #losses: SpanLosses;
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  constructor(settings: TracingSettings, { events, config, version }: TracingOptions) {
    this.#settings = settings;
    this.#config = config;
    const { maxQueueSize, maxExportBatchSize, scheduledDelayMs, exportTimeoutMs } = settings.batch;
    this.#losses = new SpanLosses(maxQueueSize, (spans, reason) => events.emit("spans_lost", { spans, reason }));
    const processor = new BatchSpanProcessor({
      exporter: this.#losses.watchExporter(new OTLPTraceExporter(exporterConfig(settings))),
      maxQueueSize,
      maxExportBatchSize,
      scheduledDelayMillis: scheduledDelayMs,
      exportTimeoutMillis: exportTimeoutMs,
    });
    this.#provider = new TracerProvider({
      resource: resourceOf(settings, version, config().service.environment),
      // Only what is to be recorded gets here.
      sampler: new AlwaysOnSampler(),
      idGenerator: this.#ids,
      spanProcessors: [this.#losses.watchProcessor(processor)],
    });
    this.#tracer = this.#provider.getTracer(defaultServiceName, version);
    events.on("request_finished", (request) => this.#record(request));
  }

  decideSampling(trace: TraceContext, route: string): boolean {
    return isSampled(this.#settings.sampler, trace, route);
  }

  async close(limitMs: number): Promise<void> {
    const timeout = new AbortController();
    const { signal } = timeout;
    // Failures were counted where they happened.
    const closed = this.#provider.shutdown().catch(() => {});
    await Promise.race([closed, sleep(limitMs, undefined, { signal }).catch(() => {})]);
    timeout.abort();
    this.#losses.giveUp();
  }

  #record(request: FinishedRequest): void {
    if (request.timeline === null) {
      return;
    }
    const { server, stages } = describeSpans(request, this.#config().telemetry);
    const offset = epochOffset(performance.now(), Date.now(), performance.timeOrigin);
    this.#ids.give(request.trace);
    const span = this.#start(server, offset, parentOf(request.trace));
    const below = traces.setSpan(ROOT_CONTEXT, span);
    for (const stage of stages) {
      end(this.#start(stage, offset, below), stage, offset);
    }
    end(span, server, offset);
  }

  #start({ name, kind, startedAt, attributes, links }: SpanDescription, offset: number, parent: Context): Span {
    const linked = links.map((context) => ({ context: { ...context, traceFlags: TraceFlags.SAMPLED } }));
    const options = { kind, attributes, links: linked, startTime: toHrTime(startedAt + offset) };
    return this.#tracer.startSpan(name, options, parent);
  }
}

function end(span: Span, { endedAt, isError }: SpanDescription, offset: number): void {
  if (isError) {
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(toHrTime(endedAt + offset));
}

/** The caller's span, or nothing where it named none. */
function parentOf({ traceId, parentSpanId, traceState }: TraceContext): Context {
  if (parentSpanId === null) {
    return ROOT_CONTEXT;
  }
  return traces.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId: parentSpanId,
    isRemote: true,
    traceFlags: TraceFlags.SAMPLED,
    ...(traceState !== null && { traceState: createTraceState(traceState) }),
  });
}

/** The ids of a server span, which logs and answers have named already; other spans get random ones. */
class GivenIds implements IdGenerator {
  #traceId = "";
  #spanId: string | null = null;

  /** For the span that is started next. */
  give({ traceId, spanId }: Pick<TraceContext, "traceId" | "spanId">): void {
    this.#traceId = traceId;
    this.#spanId = spanId;
  }

  /** Asked for spans without a parent only, which are server spans. */
  generateTraceId(): string {
    return this.#traceId;
  }

  generateSpanId(): string {
    const given = this.#spanId;
    this.#spanId = null;
    return given ?? randomBytes(8).toString("hex");
  }
}

/** Compression and certificates the exporter reads by itself, from the environment of the process. */
function exporterConfig({ url, headers, timeoutMs }: TracingSettings): ExporterConfig {
  return {
    url,
    headers: Object.fromEntries(Object.entries(headers).map(([name, secret]) => [name, secret.use((value) => value)])),
    timeoutMillis: timeoutMs,
  };
}

/** What the operator says of the service wins over what it knows of itself. */
function resourceOf({ resource }: TracingSettings, version: string, environment: string): Resource {
  const own = {
    [ATTR_SERVICE_NAME]: defaultServiceName,
    [ATTR_SERVICE_VERSION]: version,
    "service.instance.id": randomUUID(),
    "deployment.environment.name": environment,
    "host.name": hostname(),
    "process.pid": process.pid,
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
  };
  return defaultResource().merge(resourceFromAttributes({ ...own, ...resource }));
}
