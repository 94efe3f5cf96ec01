import type { FastifyReply, FastifyRequest } from "fastify";
import { admit } from "../admission/admit.ts";
import { ServiceError } from "../errors.ts";
import type { App, AppDependencies } from "./app.ts";
import type { Exchange } from "./exchange.ts";
import { noteExtraParams } from "./extra-params.ts";
import { notFound } from "./known-error.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { formOverheadBytes } from "./multipart-upload.ts";
import {
  checkAudioBodyHeaders,
  checkJsonBodyHeaders,
  maxUploadTimeoutMs,
  requireHost,
  timeoutFrom,
} from "./request-headers.ts";
import type { RouteTable } from "./route-table.ts";
import { traceFromHeaders } from "./trace-context.ts";

/** Stands for the address of a client whose connection is gone before we asked. */
const unknownAddress = "unknown";

interface HookDependencies extends Pick<AppDependencies, "models" | "permits" | "state" | "speech"> {
  readonly lifecycle: Lifecycle;
  readonly routeTable: RouteTable;
}

/** What happens to every request, whatever its route. All of it is synchronous: refusals have to be cheap. */
export function addHooks(app: App, dependencies: HookDependencies): void {
  const { lifecycle } = dependencies;
  app.decorateRequest("exchange");

  app.addHook("onRequest", (request, reply, done) => {
    const exchange = lifecycle.open(request);
    if (exchange.isTask) {
      const refusal = refusalOf(exchange, request, dependencies);
      if (refusal !== null) {
        lifecycle.answer(exchange, reply.raw, refusal);
        return;
      }
    }
    lifecycle.watch(exchange, request, reply.raw);
    if (request.is404) {
      answerUnmatched(exchange, request, reply, dependencies);
      return;
    }
    checkHeaders(exchange, request, dependencies);
    reply.header("x-request-id", exchange.requestId);
    reply.header("x-content-type-options", "nosniff");
    reply.header("cache-control", "no-store");
    done();
  });

  app.addHook("preValidation", ({ exchange, raw, body }, _reply, done) => {
    if (exchange.isTask && exchange.audioBody === null) {
      noteExtraParams(exchange, body, traceFromHeaders(raw.headers) !== null);
    }
    done();
  });

  app.addHook("onSend", ({ exchange }, reply, _payload, done) => {
    if (exchange.mustClose) {
      reply.header("connection", "close");
    }
    done();
  });
}

/** Lets a task request in, or returns what it is refused with. The client id is in the body: unknown until then. */
function refusalOf(
  exchange: Exchange,
  request: FastifyRequest,
  { models, permits, speech, state }: HookDependencies,
): Error | null {
  const { config } = exchange;
  const isSpeech = exchange.audioBody !== null;
  const model = models.find(isSpeech ? config.transcribe.model : config.classify.model);
  if (isSpeech && model === null && models.list().length > 0) {
    return new ServiceError("model_not_found", "This service has no model that writes down speech.");
  }
  // Node cannot tell the address of a connection that was reset, whatever Fastify's type says.
  const address = (request.ip as string | undefined) ?? unknownAddress;
  const admitted = admit({
    isDraining: state() === "draining",
    isInMaintenance: config.service.maintenance,
    limit: permits,
    model: model && {
      model,
      refusal: (client) => model.refusal(client) ?? (isSpeech ? speech.audio.refusal() : null),
    },
    client: { address, clientId: "" },
  });
  if (admitted instanceof Error) {
    return admitted;
  }
  exchange.admit({ permit: admitted.permit, model: admitted.model.model, address });
  return null;
}

/** What can be said against a request before its body is read. */
function checkHeaders(exchange: Exchange, { raw }: FastifyRequest, { speech }: HookDependencies): void {
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
  const [path = ""] = request.url.split("?", 1);
  const methods = routeTable.methodsFor(path);
  if (methods === null) {
    lifecycle.answer(exchange, reply.raw, notFound());
    return;
  }
  const allow = methods.join(", ");
  if (request.method === "OPTIONS") {
    reply.raw.writeHead(204, ["allow", allow, "x-request-id", exchange.requestId]).end();
    return;
  }
  lifecycle.answer(exchange, reply.raw, new ServiceError("method_not_allowed", `The path allows ${allow}.`), allow);
}
