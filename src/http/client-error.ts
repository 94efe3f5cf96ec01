import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { ServiceError } from "../errors.ts";
import type { Connection, Connections } from "./connections.ts";
import { discardLimitMs } from "./discard-body.ts";
import { errorResponse } from "./error-response.ts";
import type { Exchange } from "./exchange.ts";

/** What Node reports for a request that it could not read: llhttp's codes and its own. */
interface ReadError extends Error {
  readonly code?: string;
}

/**
 * Answers what Node could not read as a request: malformed HTTP, too large headers, clients that are too slow. Fastify
 * never sees these.
 *
 * When the body of a request is at fault, that request is answered on its own way. Else the answer is written by hand,
 * once the answers to earlier requests of the connection have left; then the connection is closed.
 */
export function clientErrorHandler(
  connections: Connections,
  openUnmatched: () => Exchange,
): (error: ReadError, socket: Socket) => void {
  const broken = new WeakSet<Socket>();
  return (error, socket) => {
    if (isUploadUnderWay(error, connections.find(socket))) {
      return;
    }
    const reason = toServiceError(error);
    if (reason === null || !socket.writable || isIdleConnection(error, socket)) {
      socket.destroy();
      return;
    }
    if (broken.has(socket)) {
      // Whatever else arrives meets the same parser; the connection is being closed.
      return;
    }
    broken.add(socket);
    const connection = connections.find(socket);
    if (connection === null) {
      writeError(socket, openUnmatched(), reason);
      return;
    }
    if (connection.reading !== null) {
      connection.reading.cannotBeRead(reason);
      return;
    }
    connection.whenIdle(() => writeError(socket, openUnmatched(), reason));
  };
}

/** Refuses `CONNECT`, which Node hands over as a bare socket. `allow` names the methods that the server knows. */
export function connectHandler(
  openUnmatched: () => Exchange,
  allow: () => string,
): (request: unknown, socket: Socket) => void {
  return (_request, socket) => {
    // Node took its own listener away.
    socket.on("error", () => socket.destroy());
    const error = new ServiceError("method_not_allowed", "This service is no proxy.");
    writeError(socket, openUnmatched(), error, allow());
  };
}

/** Writes a whole HTTP/1.1 response to the socket, and leaves the client a moment to read it. */
function writeError(socket: Socket, exchange: Exchange, error: ServiceError, allow: string | null = null): void {
  const { status, headers, body } = errorResponse(error, exchange);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, `date: ${new Date().toUTCString()}`];
  for (let index = 0; index < headers.length; index += 2) {
    lines.push(`${headers[index] ?? ""}: ${headers[index + 1] ?? ""}`);
  }
  if (allow !== null) {
    lines.push(`allow: ${allow}`);
  }
  lines.push("connection: close", "", body);
  socket.end(lines.join("\r\n"));
  exchange.finish(status, error.code, error.facts);
  const timer = setTimeout(() => socket.destroy(), discardLimitMs).unref();
  socket.once("close", () => clearTimeout(timer));
}

/** Null when the client is gone and nobody reads an answer. */
function toServiceError({ code }: ReadError): ServiceError | null {
  switch (code) {
    case "ECONNRESET":
    case "EPIPE":
    // The client ended the connection in the middle of a request.
    case "HPE_INVALID_EOF_STATE":
      return null;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new ServiceError("request_timeout", "The request did not arrive in time.");
    case "HPE_HEADER_OVERFLOW":
      return new ServiceError("headers_too_large", "The request headers are too large.");
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new ServiceError("payload_too_large", "The chunk extensions are too large.");
    default:
      return new ServiceError("invalid_request", "The request is not valid HTTP/1.1.");
  }
}

/** Node knows one limit for the arrival of all requests; uploads may take longer, and are watched by `UploadMeter`. */
function isUploadUnderWay({ code }: ReadError, connection: Connection | null): boolean {
  return code === "ERR_HTTP_REQUEST_TIMEOUT" && (connection?.reading?.audioBody ?? null) !== null;
}

/** Connections that were opened and never used, by browsers and TCP probes, are no requests. */
function isIdleConnection(error: ReadError, socket: Socket): boolean {
  return error.code === "ERR_HTTP_REQUEST_TIMEOUT" && socket.bytesRead === 0;
}
