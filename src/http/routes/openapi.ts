import type { App } from "../app.ts";
import { commonErrors } from "./route-errors.ts";

/** `GET /openapi.json`. The document describes all routes, this one too; it is made once and returned. */
export function addOpenapiRoute(app: App, makeDocument: () => Record<string, unknown>): Record<string, unknown> {
  let json = "";
  app.get(
    "/openapi.json",
    {
      config: { errors: commonErrors },
      schema: { operationId: "openapi", tags: ["Operations"], summary: "This document" },
    },
    (_request, reply) => reply.type("application/json; charset=utf-8").send(json),
  );
  const document = makeDocument();
  json = JSON.stringify(document);
  return document;
}
