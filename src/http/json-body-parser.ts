import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyRequest } from "fastify";
import type { BodyMemory } from "../admission/body-memory.ts";
import type { App } from "./app.ts";
import { declaredLength } from "./discard-body.ts";
import { parseJsonBody } from "./json-body.ts";
import { readBody } from "./read-body.ts";

/** Reads and parses JSON bodies ourselves: Fastify's parser repairs bad UTF-8 and says less about what is wrong. */
export function addJsonBody(app: App, memory: BodyMemory): void {
  const waitingForContinue = new WeakMap<IncomingMessage, ServerResponse>();
  app.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    // "100 Continue" is sent once the headers were found good, so that a refused client never sends its body.
    waitingForContinue.set(request, response);
    app.server.emit("request", request, response);
  });
  app.server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    // Servers may ignore expectations that they do not know (RFC 9110, section 10.1.1).
    app.server.emit("request", request, response);
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async ({ raw, exchange }: FastifyRequest) => {
    const { admission, cancellation, config } = exchange;
    const reservation = memory.reserve(admission.address, declaredLength(raw.headers["content-length"]));
    try {
      waitingForContinue.get(raw)?.writeContinue();
      return parseJsonBody(await readBody(raw, config.server.bodyLimitBytes, reservation, cancellation.signal));
    } finally {
      reservation.release();
    }
  });
}
