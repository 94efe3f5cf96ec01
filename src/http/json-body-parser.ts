import type { FastifyRequest } from "fastify";
import type { BodyMemory } from "../admission/body-memory.ts";
import { ServiceError } from "../errors.ts";
import type { App } from "./app.ts";
import { declaredLength } from "./discard-body.ts";
import type { ExpectContinue } from "./expect-continue.ts";
import { parseJsonBody } from "./json-body.ts";
import { readBody } from "./read-body.ts";

/** As long as headers may take by default: mobile networks stall for seconds. */
const longestStallMs = 10_000;

/** Reads and parses JSON bodies ourselves: Fastify's parser repairs bad UTF-8 and says less about what is wrong. */
export function addJsonBody(app: App, memory: BodyMemory, expectContinue: ExpectContinue): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async ({ raw, exchange }: FastifyRequest) => {
    const { admission, cancellation, config } = exchange;
    const reservation = memory.reserve(admission.holder, declaredLength(raw.headers["content-length"]));
    try {
      expectContinue.askForBody(raw);
      const limits = {
        maxBytes: config.server.bodyLimitBytes,
        stallMs: longestStallMs,
        onStall: () =>
          exchange.cannotBeRead(new ServiceError("request_timeout", "The body is too slow or has stopped.")),
      };
      return parseJsonBody(await readBody(raw, limits, reservation, cancellation.signal));
    } finally {
      reservation.release();
    }
  });
}
