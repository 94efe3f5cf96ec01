import { z } from "zod";
import { transcriptionSchema, verboseTranscriptionSchema } from "./transcribe.ts";

/** Bodies by media type, as an OpenAPI document has them. */
export type Content = Readonly<Record<string, { readonly schema: Readonly<Record<string, unknown>> }>>;

const bytes = { schema: { type: "string", contentMediaType: "application/octet-stream" } };
const text = { schema: { type: "string" } };

/** A file as the whole body. */
export const rawAudioContent: Content = {
  "audio/*": bytes,
  "video/*": bytes,
  "application/octet-stream": bytes,
};

/** A form of a file and parameters. */
export function audioFormContent(parameters: z.ZodType): Content {
  const { properties = {} } = z.toJSONSchema(parameters, { io: "input" });
  const schema = { type: "object", required: ["file"], properties: { file: bytes.schema, ...properties } };
  return { "multipart/form-data": { schema: { ...schema, additionalProperties: false } } };
}

/** The answers of all formats. */
export const transcriptContent: Content = {
  "application/json": { schema: { anyOf: [transcriptionSchema, verboseTranscriptionSchema].map(reference) } },
  "text/plain": text,
  "application/x-subrip": text,
  "text/vtt": text,
  "text/event-stream": text,
};

function reference(schema: z.ZodType): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${schema.meta()?.id ?? ""}` };
}
