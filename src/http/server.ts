import { createServer, type RequestListener, type Server } from "node:http";
import { maxTimeoutMs } from "../admission/input-limits.ts";
import type { Config } from "../config.ts";
import { dropSlowReaders } from "./drop-slow-readers.ts";

/**
 * How often Node looks for slow clients, in milliseconds: a limit is passed by this much at most. All that it finds are
 * answered in one turn of the event loop, so it is to find few: a thousand that came within 5 s are 50 at a time.
 */
const longestCheckingIntervalMs = 250;

/** A connection on which no byte moves for this long is given up, in milliseconds: its client reads no more. */
const stalledConnectionMs = maxTimeoutMs + 60_000;

/** The largest write is a script of the documentation, 1.6 MB: at 27 kB/s it takes as long, in milliseconds. */
const longestWriteMs = 60_000;

/** Node's server with every limit set. The listener is Fastify's. */
export function createHttpServer(config: Config["server"], listener: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: config.headersTimeoutMs,
      requestTimeout: config.requestTimeoutMs,
      keepAliveTimeout: config.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(longestCheckingIntervalMs, Math.ceil(config.headersTimeoutMs / 4)),
      maxHeaderSize: config.maxHeaderBytes,
      // Node would answer without a body; `requireHost` answers as on every other error.
      requireHostHeader: false,
    },
    listener,
  );
  server.maxConnections = config.maxConnections;
  dropSlowReaders(server, longestWriteMs);
  server.setTimeout(Math.max(stalledConnectionMs, config.requestTimeoutMs));
  return server;
}
