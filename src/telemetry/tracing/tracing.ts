import type { TracingSettings } from "../../config/tracing-environment.ts";
import type { Config } from "../../config.ts";
import type { EventBus, TraceContext } from "../../events.ts";

/** What records the traces of requests. */
export interface Tracing {
  /** Whether the trace of a request to this route is recorded; null when none ever is. */
  decideSampling(trace: TraceContext, route: string): boolean | null;
  /** Exports what is left, for so many milliseconds at most; what cannot be exported by then is lost. */
  close(limitMs: number): Promise<void>;
}

export interface TracingOptions {
  readonly events: EventBus;
  readonly config: () => Config;
  /** Version of the service. */
  readonly version: string;
}

const off: Tracing = { decideSampling: () => null, close: () => Promise.resolve() };

/** Exports the spans of requests to where the settings say; without settings, nothing of OpenTelemetry's SDK is even loaded. */
export async function openTracing(settings: TracingSettings | null, options: TracingOptions): Promise<Tracing> {
  if (settings === null) {
    return off;
  }
  const { OtlpTracing } = await import("./otlp-tracing.ts");
  return new OtlpTracing(settings, options);
}
