import type { ServerResponse } from "node:http";
import type { FastifyRequest } from "fastify";
import type { AppDependencies } from "./app.ts";
import type { Connections } from "./connections.ts";
import { announcesBody, keepAliveAfterBody } from "./discard-body.ts";
import { type AudioBody, Exchange, unmatchedRoute } from "./exchange.ts";
import { internalError, knownError } from "./known-error.ts";
import { requestIdFrom } from "./request-id.ts";
import { sendError } from "./send-error.ts";
import { newTrace, traceFromHeaders } from "./trace-context.ts";

declare module "fastify" {
  interface FastifyRequest {
    exchange: Exchange;
  }
  interface FastifyContextConfig {
    /** The route runs a model: it takes a body, a permit and a deadline. */
    readonly isTask?: boolean;
    /** The body is audio, which the route reads itself; else it is JSON. */
    readonly audioBody?: AudioBody;
  }
}

type LifecycleDependencies = Pick<AppDependencies, "config" | "events" | "state" | "decideSampling">;

/** Opens an exchange for every request and sees to it that each is finished, whatever becomes of it. */
export class Lifecycle {
  readonly #dependencies: LifecycleDependencies;
  readonly #connections: Connections;

  constructor(dependencies: LifecycleDependencies, connections: Connections) {
    this.#dependencies = dependencies;
    this.#connections = connections;
  }

  /** Opens the exchange of a request whose headers have just been read. */
  open(request: FastifyRequest): Exchange {
    const { url, config } = request.routeOptions;
    const { headers } = request.raw;
    const exchange = new Exchange({
      requestId: request.id,
      trace: traceFromHeaders(headers) ?? newTrace(),
      method: request.method,
      route: url ?? unmatchedRoute,
      isTask: config?.isTask === true,
      audioBody: config?.audioBody ?? null,
      ...this.#shared(),
    });
    request.exchange = exchange;
    this.#connections.requestArrived(request.raw, exchange);
    return exchange;
  }

  /** Opens an exchange for what could not be read as a request. */
  openUnreadable(): Exchange {
    return new Exchange({
      requestId: requestIdFrom(undefined),
      trace: newTrace(),
      method: "unknown",
      route: unmatchedRoute,
      isTask: false,
      audioBody: null,
      ...this.#shared(),
    });
  }

  /** Finishes the exchange when its answer, whatever it will be, has left or its client has. */
  watch(exchange: Exchange, request: FastifyRequest, response: ServerResponse): void {
    const connection = this.#connections.find(request.raw.socket);
    connection?.add(exchange);
    response.once("finish", () => {
      exchange.finish(response.statusCode);
      connection?.remove(exchange);
      if (!request.raw.complete && announcesBody(request.raw)) {
        keepAliveAfterBody(request.raw);
      }
    });
  }

  /** Answers an error of any kind, and reports those that are our own. */
  answer(exchange: Exchange, response: ServerResponse, error: unknown, allow: string | null = null): void {
    const known = knownError(error);
    if (known === null) {
      this.#dependencies.events.emit("error_occurred", { where: "http", error, request: exchange.ids });
    }
    sendError(exchange, response, known ?? internalError(error), allow);
  }

  #shared() {
    const { config, events, state, decideSampling } = this.#dependencies;
    const startedAt = performance.now();
    return { config: config(), events, isDraining: () => state() === "draining", startedAt, decideSampling };
  }
}
