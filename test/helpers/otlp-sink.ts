import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";
import { waitUntil } from "./process-facts.ts";

const definitions = resolve(import.meta.dirname, "../fixtures/opentelemetry-proto");

export type AttributeValue = string | number | boolean;

/** A span as a collector got it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a span without a parent. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  /** Of `opentelemetry.proto.trace.v1.Span.SpanKind`. */
  readonly kind: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly statusCode: string;
  readonly resource: Readonly<Record<string, AttributeValue>>;
}

/** What protobufjs gives for the definitions, as far as it is used. */
interface WireAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, AttributeValue>>;
}
interface WireSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly traceState: string;
  readonly name: string;
  readonly kind: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly WireAttribute[];
  readonly links: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array }[];
  readonly status: { readonly code: string };
}
interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly WireAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

/** A collector for OTLP over HTTP that decodes what it gets with the official definitions. */
export class OtlpSink implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  /** Headers of each export. */
  readonly headers: IncomingHttpHeaders[] = [];
  /** The status that exports are answered with; null never answers. */
  status: number | null = 200;
  readonly #server: Server;

  private constructor(decode: (bytes: Uint8Array) => ReceivedSpan[]) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.headers.push(request.headers);
        if (this.status === null) {
          return;
        }
        const body = Buffer.concat(chunks);
        if (request.method === "POST" && request.url === "/v1/traces" && this.status === 200) {
          this.spans.push(...decode(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body));
        }
        response.writeHead(this.status, { "content-type": "application/x-protobuf" }).end();
      });
    });
  }

  static async start(): Promise<OtlpSink> {
    const root = new protobuf.Root();
    root.resolvePath = (_origin, target) => join(definitions, target);
    await root.load("opentelemetry/proto/collector/trace/v1/trace_service.proto");
    const type = root.lookupType("opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest");
    const sink = new OtlpSink((bytes) => {
      const message = type.toObject(type.decode(bytes), { longs: String, enums: String, defaults: true });
      return toSpans(message as WireRequest);
    });
    await new Promise<void>((listening) => sink.#server.listen(0, "127.0.0.1", listening));
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans of a trace, once its server span is among them. */
  async trace(traceId: string): Promise<ReceivedSpan[]> {
    const spans = (): ReceivedSpan[] => this.spans.filter((span) => span.traceId === traceId);
    await waitUntil(() => spans().some(({ kind }) => kind === "SPAN_KIND_SERVER"), `the trace ${traceId} arrives`);
    return spans();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

function toSpans({ resourceSpans }: WireRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => toSpan(span, toRecord(resource.attributes)))),
  );
}

function toSpan(span: WireSpan, resource: ReceivedSpan["resource"]): ReceivedSpan {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    name: span.name,
    kind: span.kind,
    startNs: BigInt(span.startTimeUnixNano),
    endNs: BigInt(span.endTimeUnixNano),
    attributes: toRecord(span.attributes),
    links: span.links.map(({ traceId, spanId }) => ({ traceId: hex(traceId), spanId: hex(spanId) })),
    statusCode: span.status.code,
    resource,
  };
}

function toRecord(attributes: readonly WireAttribute[]): Record<string, AttributeValue> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, scalar(value)]));
}

/** Of a `oneof`, the one that is set; whole numbers of 64 bits came as text. */
function scalar(value: WireAttribute["value"]): AttributeValue {
  const [[kind, content] = ["nothing", ""]] = Object.entries(value);
  return kind === "intValue" ? Number(content) : content;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
