import { validateHeaderName, validateHeaderValue } from "node:http";
import { Secret } from "../secrets/secret.ts";
import type { Environment } from "./environment-layer.ts";

/** Which new traces are recorded, and whether a caller that has decided is followed. */
export interface SamplerSettings {
  /** Share of the traces that nobody has decided on, 0 to 1. */
  readonly ratio: number;
  readonly followsCaller: boolean;
}

/** Where and how spans are sent, as the standard variables of OpenTelemetry say. */
export interface TracingSettings {
  /** Absolute; http or https. */
  readonly url: string;
  /** By name, as they are sent. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** Of one export with its retries, in milliseconds. */
  readonly timeoutMs: number;
  readonly sampler: SamplerSettings;
  /** Of the resource, `service.name` among them. */
  readonly resource: Readonly<Record<string, string>>;
  readonly batch: {
    /** Spans that wait for their export; more are lost. */
    readonly maxQueueSize: number;
    readonly maxExportBatchSize: number;
    /** Milliseconds from a span's end to its export, at most. */
    readonly scheduledDelayMs: number;
    readonly exportTimeoutMs: number;
  };
}

export interface TracingEnvironment {
  /** Null when nothing is to be exported. */
  readonly settings: TracingSettings | null;
  /** What an operator has set and does not get. Names variables, never values. */
  readonly warnings: readonly string[];
}

const headerVariables = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"] as const;

const tracesPath = "v1/traces";

const samplers: Readonly<Record<string, { readonly ratio: number | null; readonly followsCaller: boolean }>> = {
  always_on: { ratio: 1, followsCaller: false },
  always_off: { ratio: 0, followsCaller: false },
  traceidratio: { ratio: null, followsCaller: false },
  parentbased_always_on: { ratio: 1, followsCaller: true },
  parentbased_always_off: { ratio: 0, followsCaller: true },
  parentbased_traceidratio: { ratio: null, followsCaller: true },
};

/**
 * Reads the `OTEL_*` variables of traces. Headers hold credentials, so they are taken out of the environment: of the
 * process's own, unless another is given. As OpenTelemetry asks for, what is malformed stops nothing: it is warned of.
 */
export function takeTracingEnvironment(environment: Environment = takeHeaders(process.env)): TracingEnvironment {
  return new TracingVariables(environment).read();
}

/** A copy of what was there; the headers are gone from `environment` itself. */
function takeHeaders(environment: Record<string, string | undefined>): Environment {
  const copy = { ...environment };
  for (const variable of headerVariables) {
    delete environment[variable];
  }
  return copy;
}

class TracingVariables {
  readonly #environment: Environment;
  readonly #warnings: string[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  read(): TracingEnvironment {
    const settings = this.#isOn() ? this.#settings() : null;
    return { settings, warnings: this.#warnings };
  }

  #isOn(): boolean {
    const endpoint = this.#text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ?? this.#text("OTEL_EXPORTER_OTLP_ENDPOINT");
    if (endpoint === null || this.#text("OTEL_SDK_DISABLED")?.toLowerCase() === "true") {
      return false;
    }
    const exporter = this.#text("OTEL_TRACES_EXPORTER") ?? "otlp";
    if (exporter !== "otlp") {
      return (
        exporter !== "none" && this.#refuse("OTEL_TRACES_EXPORTER names no exporter of this service, which has otlp")
      );
    }
    const variable = this.#firstSet("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
    if ((this.#text(variable) ?? "http/protobuf") !== "http/protobuf") {
      return this.#refuse(`${variable} asks for a protocol that this service does not have; it has http/protobuf`);
    }
    return true;
  }

  #settings(): TracingSettings | null {
    const url = this.#url();
    if (url === null) {
      return null;
    }
    const maxQueueSize = this.#integer("OTEL_BSP_MAX_QUEUE_SIZE", 2_048);
    return {
      url,
      headers: this.#headers(),
      timeoutMs: this.#integer(
        this.#firstSet("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"),
        10_000,
      ),
      sampler: this.#sampler(),
      resource: this.#resource(),
      batch: {
        maxQueueSize,
        maxExportBatchSize: Math.min(maxQueueSize, this.#integer("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)),
        scheduledDelayMs: this.#integer("OTEL_BSP_SCHEDULE_DELAY", 5_000),
        exportTimeoutMs: this.#integer("OTEL_BSP_EXPORT_TIMEOUT", 30_000),
      },
    };
  }

  /** The endpoint of traces is used as it is; to the one of all signals the path of traces is added. */
  #url(): string | null {
    const own = this.#text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    const variable = own === null ? "OTEL_EXPORTER_OTLP_ENDPOINT" : "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    const base = this.#text(variable) ?? "";
    const url = URL.parse(own ?? `${base}${base.endsWith("/") ? "" : "/"}${tracesPath}`);
    if (url === null || !["http:", "https:"].includes(url.protocol)) {
      this.#refuse(`${variable} is no URL of http or https`);
      return null;
    }
    return url.href;
  }

  /** Of two values of one name the first counts: that of traces. */
  #headers(): Record<string, Secret> {
    const headers: Record<string, Secret> = {};
    for (const variable of headerVariables) {
      const pairs = parsePairs(this.#text(variable) ?? "");
      if (pairs !== null && areHeaders(pairs)) {
        for (const [name, value] of Object.entries(pairs)) {
          headers[name] ??= new Secret(value);
        }
      } else {
        this.#refuse(`${variable} is no list of name=value that can be sent as headers; nothing of it is used`);
      }
    }
    return headers;
  }

  #sampler(): SamplerSettings {
    const name = this.#text("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
    const sampler = Object.hasOwn(samplers, name) ? samplers[name] : undefined;
    if (sampler === undefined) {
      this.#refuse("OTEL_TRACES_SAMPLER names no sampler of this service; parentbased_always_on is used");
    }
    const { ratio, followsCaller } = sampler ?? { ratio: 1, followsCaller: true };
    return { ratio: ratio ?? this.#ratio(), followsCaller };
  }

  #ratio(): number {
    const text = this.#text("OTEL_TRACES_SAMPLER_ARG");
    const ratio = Number(text ?? 1);
    if (ratio >= 0 && ratio <= 1) {
      return ratio;
    }
    this.#refuse("OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1; 1 is used");
    return 1;
  }

  #resource(): Record<string, string> {
    const attributes = parsePairs(this.#text("OTEL_RESOURCE_ATTRIBUTES") ?? "");
    if (attributes === null) {
      this.#refuse("OTEL_RESOURCE_ATTRIBUTES is no list of name=value");
    }
    const name = this.#text("OTEL_SERVICE_NAME");
    return { ...attributes, ...(name === null ? {} : { "service.name": name }) };
  }

  #integer(variable: string, otherwise: number): number {
    const text = this.#text(variable);
    if (text === null) {
      return otherwise;
    }
    const value = Number(text);
    if (Number.isInteger(value) && value > 0 && value <= 2_147_483_647) {
      return value;
    }
    this.#refuse(`${variable} is no positive integer; ${otherwise} is used`);
    return otherwise;
  }

  #firstSet(specific: string, general: string): string {
    return this.#text(specific) === null ? general : specific;
  }

  /** An empty variable counts as not set. */
  #text(variable: string): string | null {
    const text = (this.#environment[variable] ?? "").trim();
    return text === "" ? null : text;
  }

  #refuse(warning: string): false {
    this.#warnings.push(warning);
    return false;
  }
}

/** `name=value`, comma-separated and percent-encoded; of two values of one name the first counts. Null when it is none. */
function parsePairs(text: string): Record<string, string> | null {
  const pairs: Record<string, string> = {};
  for (const pair of text.split(",").filter((each) => each.trim() !== "")) {
    const at = pair.indexOf("=");
    const name = decode(pair.slice(0, Math.max(0, at)));
    const value = decode(pair.slice(at + 1));
    if (name === null || name === "" || value === null) {
      return null;
    }
    pairs[name] ??= value;
  }
  return pairs;
}

/** Every export would fail with a header that HTTP does not allow. */
function areHeaders(pairs: Readonly<Record<string, string>>): boolean {
  try {
    for (const [name, value] of Object.entries(pairs)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return true;
  } catch {
    return false;
  }
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return null;
  }
}
