import type { Exchange } from "./exchange.ts";
import { extraParamsSchema } from "./schemas/extra-params.ts";
import { traceFromIds } from "./trace-context.ts";

/**
 * Takes over what a body says about its sender, before it is validated: so that the log line of a request with a bad
 * text names its client and its trace too. A key says who a client is, whatever the body says. What is malformed is left to validation.
 */
export function noteExtraParams(exchange: Exchange, body: unknown): void {
  if (typeof body !== "object" || body === null || !("extraParams" in body)) {
    return;
  }
  const parsed = extraParamsSchema.safeParse(body.extraParams);
  if (!parsed.success) {
    return;
  }
  const { clientId, channel, media, "X-B3-TraceId": traceId, "X-B3-SpanId": spanId } = parsed.data;
  // An empty string says as little as nothing.
  if (exchange.key === null) {
    exchange.clientId = clientId || null;
  }
  exchange.channel = channel || null;
  exchange.media = media || null;
  const trace = traceFromIds(traceId, spanId);
  if (trace !== null) {
    exchange.joinTrace(trace);
  }
}
