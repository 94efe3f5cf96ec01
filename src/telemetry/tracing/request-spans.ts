import { type Attributes, SpanKind } from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from "@opentelemetry/semantic-conventions";
import type { Config } from "../../config.ts";
import type { ServiceEvents } from "../../events.ts";
import type { RelatedSpan, StageFacts, StageRecord } from "../../request-timeline.ts";
import { boundedValue } from "../bounded-value.ts";
import { requestAttributes, stageAttributes, unfinishedAttribute } from "./attributes.ts";

type FinishedRequest = ServiceEvents["request_finished"];
type KnownValues = Pick<Config["telemetry"], "channels" | "media">;

/** A span before it has ids of its own. Times are on the clock of `performance.now()`. */
export interface SpanDescription {
  readonly name: string;
  readonly kind: SpanKind;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  readonly links: readonly RelatedSpan[];
  readonly isError: boolean;
}

export interface RequestSpans {
  readonly server: SpanDescription;
  /** Of the stages, below the server span. */
  readonly stages: readonly SpanDescription[];
}

/** What the semantic conventions of HTTP count as known; any other is `_OTHER`. */
const knownMethods: ReadonlySet<string> = new Set(
  "CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE".split(" "),
);

/**
 * The spans of a finished request, after the semantic conventions of HTTP servers. Of what a client has written only the
 * id of its request is in them.
 */
export function describeSpans(request: FinishedRequest, telemetry: KnownValues): RequestSpans {
  const endedAt = request.startedAt + request.durationMs;
  const server: SpanDescription = {
    name: serverName(request),
    kind: SpanKind.SERVER,
    startedAt: request.startedAt,
    endedAt,
    attributes: serverAttributes(request, telemetry),
    links: [],
    isError: request.statusCode >= 500,
  };
  return { server, stages: request.timeline?.stages.map((stage) => describeStage(stage, endedAt)) ?? [] };
}

function serverName({ method, route }: FinishedRequest): string {
  const name = knownMethods.has(method) ? method : "HTTP";
  return isMatched(route) ? `${name} ${route}` : name;
}

function serverAttributes(request: FinishedRequest, { channels, media }: KnownValues): Attributes {
  const { method, route, statusCode, code, model, inputLength } = request;
  const leftOut = request.timeline?.leftOut ?? 0;
  return {
    [ATTR_HTTP_REQUEST_METHOD]: knownMethods.has(method) ? method : "_OTHER",
    ...(isMatched(route) && { [ATTR_HTTP_ROUTE]: route }),
    // The path as sent is the client's own words, unless it can only be this.
    ...(isMatched(route) && !/[:*]/.test(route) && { [ATTR_URL_PATH]: route }),
    [ATTR_URL_SCHEME]: "http",
    [ATTR_HTTP_RESPONSE_STATUS_CODE]: statusCode,
    ...(statusCode >= 500 && { [ATTR_ERROR_TYPE]: code ?? String(statusCode) }),
    [requestAttributes.requestId]: request.requestId,
    ...(code !== null && { [requestAttributes.errorCode]: code }),
    ...known(requestAttributes.channel, request.channel, channels),
    ...known(requestAttributes.media, request.media, media),
    ...(model !== null && { [requestAttributes.model]: model }),
    ...(inputLength !== null && { [requestAttributes.inputLength]: inputLength }),
    ...(leftOut > 0 && { [requestAttributes.leftOut]: leftOut }),
  };
}

function describeStage(stage: StageRecord, requestEndedAt: number): SpanDescription {
  const isUnfinished = stage.endedAt === null;
  return {
    name: stage.name,
    kind: SpanKind.INTERNAL,
    startedAt: stage.startedAt,
    endedAt: Math.max(stage.startedAt, stage.endedAt ?? requestEndedAt),
    attributes: { ...stageFacts(stage.facts), ...(isUnfinished && { [unfinishedAttribute]: true }) },
    links: stage.related,
    isError: stage.facts.failure !== undefined,
  };
}

function stageFacts(facts: StageFacts): Attributes {
  const entries = Object.entries(facts) as [keyof StageFacts, string | number][];
  return Object.fromEntries(entries.map(([fact, value]) => [stageAttributes[fact], value]));
}

function isMatched(route: string): boolean {
  return route.startsWith("/");
}

function known(attribute: string, value: string | null, values: readonly string[]): Attributes {
  return value === null ? {} : { [attribute]: boundedValue(value, values) };
}
