import type { FastifyReply, FastifyRequest } from "fastify";
import { rateLimitHeaders } from "../admission/rate-limit/rate-limit-headers.ts";
import { ServiceError } from "../errors.ts";
import type { App } from "./app.ts";
import type { Door, DoorDependencies } from "./door.ts";
import type { Exchange } from "./exchange.ts";
import { noteExtraParams } from "./extra-params.ts";
import { notFound } from "./known-error.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { formOverheadBytes } from "./multipart-upload.ts";
import {
  checkAudioBodyHeaders,
  checkJsonBodyHeaders,
  maxUploadTimeoutMs,
  requireFewHeaders,
  requireHost,
  timeoutFrom,
} from "./request-headers.ts";
import type { RouteTable } from "./route-table.ts";
import { securityHeaders } from "./security-headers.ts";
import { serverTimingHeaders } from "./server-timing.ts";

interface HookDependencies extends DoorDependencies {
  readonly door: Door;
  readonly lifecycle: Lifecycle;
  readonly routeTable: RouteTable;
}

/** What happens to every request, whatever its route. */
export function addHooks(app: App, dependencies: HookDependencies): void {
  const { door, lifecycle } = dependencies;
  app.decorateRequest("exchange");

  app.addHook("onRequest", (request, reply, done) => {
    const exchange = lifecycle.open(request);
    const proceed = (refusal: Error | null): void => {
      if (refusal !== null) {
        lifecycle.answer(exchange, reply.raw, refusal);
      } else if (request.is404) {
        answerUnmatched(exchange, request, reply, dependencies);
      } else if (begin(exchange, request, reply, dependencies)) {
        done();
      }
    };
    const refusal = request.is404 ? door.countUnknownPath(exchange, request) : door.enter(exchange, request);
    if (refusal instanceof Promise) {
      lifecycle.watch(exchange, request, reply.raw);
      refusal.then(
        // Unless the client has left meanwhile.
        (refused) => void (exchange.isFinished || proceed(refused)),
        (error: unknown) => lifecycle.answer(exchange, reply.raw, error),
      );
      return;
    }
    if (refusal === null) {
      lifecycle.watch(exchange, request, reply.raw);
    }
    proceed(refusal);
  });

  app.addHook("preValidation", ({ exchange, body }, _reply, done) => {
    if (exchange.isTask && exchange.audioBody === null) {
      noteExtraParams(exchange, body);
    }
    done();
  });

  app.addHook("onSend", ({ exchange }, reply, _payload, done) => {
    // Only now is it known whether the body names a trace.
    setHeaders(reply, exchange.traceHeaders);
    if (exchange.rateLimit !== null) {
      setHeaders(reply, rateLimitHeaders(exchange.rateLimit));
    }
    setHeaders(reply, serverTimingHeaders(exchange, performance.now()));
    if (exchange.mustClose) {
      reply.header("connection", "close");
    }
    done();
  });
}

/** Checks the headers of a request that was let in; answers it and returns false when there is something against them. */
function begin(
  exchange: Exchange,
  request: FastifyRequest,
  reply: FastifyReply,
  dependencies: HookDependencies,
): boolean {
  try {
    checkHeaders(exchange, request, dependencies);
  } catch (error) {
    dependencies.lifecycle.answer(exchange, reply.raw, error);
    return false;
  }
  reply.header("x-request-id", exchange.requestId);
  setHeaders(reply, securityHeaders);
  return true;
}

/** Names and values in turn. */
function setHeaders(reply: FastifyReply, headers: readonly string[]): void {
  for (let index = 0; index < headers.length; index += 2) {
    reply.header(headers[index] ?? "", headers[index + 1]);
  }
}

function pathOf({ url }: FastifyRequest): string {
  return url.split("?", 1)[0] ?? "";
}

/** What can be said against a request before its body is read. */
function checkHeaders(exchange: Exchange, { raw }: FastifyRequest, { speech }: HookDependencies): void {
  requireFewHeaders(raw);
  requireHost(raw);
  if (!exchange.isTask) {
    return;
  }
  if (exchange.audioBody !== null) {
    const { maxBytes } = speech.limits(exchange.config);
    checkAudioBodyHeaders(raw, exchange.audioBody, { maxBytes, overheadBytes: formOverheadBytes });
    // The clock starts where the body is read.
    exchange.headerTimeoutMs = timeoutFrom(raw.headers, maxUploadTimeoutMs);
    return;
  }
  checkJsonBodyHeaders(raw, exchange.config.server.bodyLimitBytes);
  exchange.headerTimeoutMs = timeoutFrom(raw.headers);
  exchange.limitTo(exchange.headerTimeoutMs ?? exchange.config.deadline.defaultMs);
}

/** 404, 405, or 204 for OPTIONS: its body is not read, whatever it is. */
function answerUnmatched(
  exchange: Exchange,
  request: FastifyRequest,
  reply: FastifyReply,
  { lifecycle, routeTable }: HookDependencies,
): void {
  const methods = routeTable.methodsFor(pathOf(request));
  if (methods === null) {
    lifecycle.answer(exchange, reply.raw, notFound());
    return;
  }
  const allow = methods.join(", ");
  if (request.method === "OPTIONS") {
    const { requestId, traceHeaders } = exchange;
    reply.raw.writeHead(204, ["allow", allow, "x-request-id", requestId, ...traceHeaders, ...securityHeaders]).end();
    return;
  }
  lifecycle.answer(exchange, reply.raw, new ServiceError("method_not_allowed", `The path allows ${allow}.`), allow);
}
