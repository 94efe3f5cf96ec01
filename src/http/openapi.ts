import { STATUS_CODES } from "node:http";
import type { FastifySchema, RouteOptions } from "fastify";
import { z } from "zod";
import { maxTimeoutMs, minTimeoutMs } from "../admission/input-limits.ts";
import type { ErrorCode } from "../errors.ts";
import { statusByCode } from "./error-status.ts";
import { maxUploadTimeoutMs } from "./request-headers.ts";
import { commonErrors } from "./routes/route-errors.ts";
import { errorResponseSchema } from "./schemas/error.ts";

type Json = Record<string, unknown>;

const schemaUri = (id: string): string => `#/components/schemas/${id}`;

const headerComponents = {
  "x-request-id": { description: "Names the request in our logs.", schema: { type: "string" } },
  "retry-after": { description: "Seconds until it makes sense to try again.", schema: { type: "integer", minimum: 1 } },
  "retry-after-ms": { description: "The same in milliseconds.", schema: { type: "integer", minimum: 1 } },
  "x-should-retry": { description: "false: the same request would end the same way.", schema: { const: "false" } },
  allow: { description: "The methods that the path knows.", schema: { type: "string" } },
  "www-authenticate": { description: "Bearer: send an API key.", schema: { type: "string" } },
  "ratelimit-policy": {
    description: "Name, quota and window in seconds of the tightest limit.",
    schema: { type: "string" },
  },
  ratelimit: {
    description: "What that limit leaves, and the seconds until it is full again.",
    schema: { type: "string" },
  },
  "server-timing": {
    description:
      "Milliseconds in queue, preprocess, inference and total, where the service is configured to tell them.",
    schema: { type: "string" },
  },
} as const;

/** Headers of the errors with this status. */
const errorHeaders: Readonly<Record<number, (keyof typeof headerComponents)[]>> = {
  401: ["www-authenticate"],
  405: ["allow"],
  429: ["retry-after", "retry-after-ms", "ratelimit-policy", "ratelimit"],
  503: ["retry-after", "retry-after-ms"],
  504: ["x-should-retry"],
};

/** The OpenAPI 3.1 document of the routes: from their zod schemas and the errors that they name. */
export function openapiDocument(routes: readonly RouteOptions[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    if (route.schema?.hide !== true && route.method !== "HEAD") {
      const path = route.url.replaceAll(/:(\w+)/g, "{$1}");
      paths[path] = { ...paths[path], [String(route.method).toLowerCase()]: operation(route, route.schema ?? {}) };
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Guardrail API",
      version,
      description:
        "Every answer carries `x-request-id`. Every error has the body of the schema `Error`. Send `X-Request-Id` to " +
        "name a request, and `b3`, `X-B3-TraceId` with `X-B3-SpanId` or `traceparent` to place it in a trace. Answers " +
        "name that trace, as `b3` and `traceparent` unless the service is set up otherwise.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [],
    tags: [
      { name: "Tasks", description: "What the models do." },
      { name: "Models", description: "What is served now." },
      { name: "Operations", description: "For probes, monitoring and tools." },
    ],
    paths,
    components: {
      schemas: componentSchemas(),
      headers: headerComponents,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key, where the service demands one." },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "The same." },
      },
      parameters: {
        RequestTimeout: timeoutHeader(maxTimeoutMs),
        UploadTimeout: timeoutHeader(maxUploadTimeoutMs),
      },
    },
  };
}

function timeoutHeader(maximum: number): Json {
  return {
    name: "X-Request-Timeout-Ms",
    in: "header",
    description: "Milliseconds from when the headers were read until the answer must have left.",
    schema: { type: "integer", minimum: minTimeoutMs, maximum },
  };
}

function operation(route: RouteOptions, schema: FastifySchema): Json {
  const { operationId, tags, summary, description, body } = schema;
  const { requestContent = body === undefined ? undefined : jsonContent(body) } = route.config ?? {};
  const parameters = [
    ...parametersOf("path", schema.params),
    ...parametersOf("query", schema.querystring),
    ...(route.config?.isTask === true ? [timeoutParameter(route)] : []),
  ];
  return {
    operationId,
    tags,
    summary,
    // An empty requirement: a service without a list of keys demands none.
    ...(route.config?.access === undefined ? {} : { security: [{}, { bearer: [] }, { apiKey: [] }] }),
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestContent === undefined ? {} : { requestBody: { required: true, content: requestContent } }),
    responses: { ...successResponses(route, schema), ...errorResponses(route.config?.errors ?? commonErrors, schema) },
  };
}

function timeoutParameter({ config }: RouteOptions): Json {
  const name = config?.audioBody === undefined ? "RequestTimeout" : "UploadTimeout";
  return { $ref: `#/components/parameters/${name}` };
}

function parametersOf(place: "path" | "query", schema: unknown): Json[] {
  if (!(schema instanceof z.ZodObject)) {
    return [];
  }
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path",
    schema: property,
  }));
}

function successResponses({ config }: RouteOptions, schema: FastifySchema): Json {
  const [produces] = schema.produces ?? [];
  const limitHeaders = ["ratelimit-policy", "ratelimit"] as const;
  const headers = responseHeaders(
    "x-request-id",
    ...(config?.isLimited === true ? limitHeaders : []),
    ...(config?.isTask === true ? (["server-timing"] as const) : []),
  );
  if (config?.responseContent !== undefined) {
    return { 200: { description: "OK", headers, content: config.responseContent } };
  }
  if (typeof schema.response !== "object" || schema.response === null) {
    const content = {
      [produces ?? "application/json"]: { schema: { type: produces === undefined ? "object" : "string" } },
    };
    return { 200: { description: "OK", headers, content } };
  }
  return Object.fromEntries(
    Object.entries(schema.response).map(([status, response]) => [
      status,
      { description: STATUS_CODES[status] ?? "", headers, content: jsonContent(response) },
    ]),
  );
}

/** One response for each status that the codes lead to, unless the route itself gives that status a meaning. */
function errorResponses(codes: readonly ErrorCode[], schema: FastifySchema): Json {
  const responses: Json = {};
  for (const [status, group] of Map.groupBy(codes, (code) => statusByCode[code])) {
    if (!Object.hasOwn(schema.response ?? {}, status)) {
      responses[status] = {
        description: `${STATUS_CODES[status] ?? ""}: ${group.map((code) => `\`${code}\``).join(", ")}`,
        headers: responseHeaders("x-request-id", ...(errorHeaders[status] ?? [])),
        content: jsonContent(errorResponseSchema),
      };
    }
  }
  return responses;
}

function responseHeaders(...names: (keyof typeof headerComponents)[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function jsonContent(schema: unknown): Json {
  return { "application/json": { schema: { $ref: schemaUri(idOf(schema)) } } };
}

/** @throws Error when a route's schema has no id: every body is a component, so that clients get named types. */
function idOf(schema: unknown): string {
  const id = schema instanceof z.ZodType ? schema.meta()?.id : undefined;
  if (id === undefined) {
    throw new Error("The schema of a route has no id.");
  }
  return id;
}

/** Schemas without transformations: input and output are the same, but only the output of a pipe says its shape. */
function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { uri: schemaUri, io: "output" });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _uri, id: _id, ...schema }]) => [id, schema]),
  );
}
