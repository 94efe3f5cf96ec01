import type { FastifyRequest } from "fastify";
import type { BodyMemory } from "../admission/body-memory.ts";
import type { App } from "./app.ts";
import { declaredLength } from "./discard-body.ts";
import type { ExpectContinue } from "./expect-continue.ts";
import { parseJsonBody } from "./json-body.ts";
import { readBody } from "./read-body.ts";

/** Reads and parses JSON bodies ourselves: Fastify's parser repairs bad UTF-8 and says less about what is wrong. */
export function addJsonBody(app: App, memory: BodyMemory, expectContinue: ExpectContinue): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async ({ raw, exchange }: FastifyRequest) => {
    const { admission, cancellation, config } = exchange;
    const reservation = memory.reserve(admission.holder, declaredLength(raw.headers["content-length"]));
    try {
      expectContinue.askForBody(raw);
      return parseJsonBody(await readBody(raw, config.server.bodyLimitBytes, reservation, cancellation.signal));
    } finally {
      reservation.release();
    }
  });
}
