import { describe, expect, it } from "vitest";
import { z } from "zod";
import { errorCodes } from "../../../src/errors.ts";
import { statusByCode } from "../../../src/http/error-status.ts";
import { fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody } from "../../helpers/fake-client.ts";

interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly parameters?: { name?: string; $ref?: string }[];
  readonly requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
  readonly responses: Record<
    string,
    {
      description: string;
      headers: Record<string, unknown>;
      content: Record<string, { schema: Record<string, unknown> }>;
    }
  >;
}

interface Document {
  readonly openapi: string;
  readonly info: { version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, Record<string, unknown>> };
}

async function fetchDocument(): Promise<Document> {
  await using fake = await fakeApp();
  const response = await fake.app.inject("/openapi.json");
  expect(response.headers["content-type"]).toBe("application/json; charset=utf-8");
  return response.json<Document>();
}

/** The values of all `$ref` in a document. */
function references(value: unknown): string[] {
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => (key === "$ref" ? [String(inner)] : references(inner)));
}

function resolve(document: unknown, reference: string): unknown {
  const path = reference.replace(/^#\//, "").split("/");
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}

describe("GET /openapi.json", () => {
  it("describes every route in OpenAPI 3.1", async () => {
    const { openapi, info, paths } = await fetchDocument();
    expect(openapi).toBe("3.1.0");
    expect(info.version).toBe("0.1.0");
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(routes.toSorted()).toEqual([
      "get /health",
      "get /livez",
      "get /metrics",
      "get /openapi.json",
      "get /readyz",
      "get /startupz",
      "get /v1/models",
      "get /v1/models/{name}",
      "post /v1/audio/transcriptions",
      "post /v1/classify",
      "post /v1/moderations",
      "post /v1/transcribe",
    ]);
  });

  it("refers to nothing that is not there, and names no operation twice", async () => {
    const document = await fetchDocument();
    const all = references(document);
    expect(all.length).toBeGreaterThan(20);
    for (const reference of all) {
      expect({ reference, target: resolve(document, reference) }).toEqual({ reference, target: expect.any(Object) });
    }
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((each) => each.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("names every error that a client can meet, with its status, body and headers", async () => {
    const { paths } = await fetchDocument();
    const elsewhere = ["audio_too_long", "client_closed_request", "empty_audio", "not_found"];
    for (const path of ["/v1/classify", "/v1/moderations"]) {
      const responses = paths[path]?.["post"]?.responses ?? {};
      const missing = errorCodes.filter((code) => !responses[statusByCode[code]]?.description.includes(`\`${code}\``));
      expect(missing.toSorted()).toEqual(
        [...elsewhere, ...(path === "/v1/classify" ? ["model_not_found"] : [])].toSorted(),
      );
      expect(Object.keys(responses["503"]?.headers ?? {})).toEqual(["x-request-id", "retry-after", "retry-after-ms"]);
    }
    for (const path of ["/v1/transcribe", "/v1/audio/transcriptions"]) {
      const responses = paths[path]?.["post"]?.responses ?? {};
      for (const code of ["audio_too_long", "empty_audio", "model_not_found", "unsupported_media_type"] as const) {
        expect(responses[statusByCode[code]]?.description).toContain(`\`${code}\``);
      }
    }
    for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
      for (const status of ["400", "405", "408", "431", "500"]) {
        expect(operation.responses[status]?.content["application/json"]?.schema).toEqual({
          $ref: "#/components/schemas/Error",
        });
      }
      expect(operation.responses["200"]?.headers).toHaveProperty("x-request-id");
    }
  });

  it("says of bodies what is checked, and that the last of duplicate keys counts", async () => {
    const { paths, components } = await fetchDocument();
    const operation = paths["/v1/classify"]?.["post"];
    expect(operation?.requestBody?.content["application/json"]?.schema.$ref).toBe(
      "#/components/schemas/ClassifyRequest",
    );
    expect(operation?.description).toMatch(/duplicate keys .* last counts/);
    expect(operation?.parameters).toEqual([{ $ref: "#/components/parameters/RequestTimeout" }]);
    expect(components.schemas["ClassifyRequest"]).toMatchObject({
      required: ["inputs"],
      additionalProperties: false,
      properties: {
        inputs: {
          properties: {
            classificationInputs: {
              minItems: 1,
              maxItems: 32,
              items: { type: "string", minLength: 1, maxLength: 10_000 },
            },
          },
        },
      },
    });
  });

  it("says which bodies the transcription routes take and give, and how long they may take", async () => {
    const { paths } = await fetchDocument();
    const [own, openai] = ["/v1/transcribe", "/v1/audio/transcriptions"].map((path) => paths[path]?.["post"]);
    expect(Object.keys(own?.requestBody?.content ?? {})).toEqual([
      "audio/*",
      "video/*",
      "application/octet-stream",
      "multipart/form-data",
    ]);
    expect(Object.keys(openai?.requestBody?.content ?? {})).toEqual(["multipart/form-data"]);
    expect(openai?.requestBody?.content["multipart/form-data"]?.schema).toMatchObject({
      required: ["file"],
      properties: { file: { type: "string" }, model: { type: "string" }, stream: { type: "boolean" }, prompt: {} },
    });
    expect(Object.keys(own?.responses["200"]?.content ?? {})).toEqual([
      "application/json",
      "text/plain",
      "application/x-subrip",
      "text/vtt",
      "text/event-stream",
    ]);
    const parameters = own?.parameters ?? [];
    expect(parameters.flatMap(({ name }) => name ?? [])).toContain("response_format");
    expect(parameters.at(-1)).toEqual({ $ref: "#/components/parameters/UploadTimeout" });
  });

  it("describes answers as they are", async () => {
    const document = await fetchDocument();
    await using fake = await fakeApp();
    const response = await fake.app.inject({ method: "POST", url: "/v1/classify", payload: classifyBody() });
    const schema = z.fromJSONSchema({ ...document.components.schemas["ClassifyResponse"] });
    expect(schema.safeParse(response.json()).error).toBeUndefined();
    expect(schema.safeParse({}).success).toBe(false);
  });
});
