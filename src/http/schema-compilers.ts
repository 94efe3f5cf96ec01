import type { FastifySchemaCompiler, FastifySerializerCompiler, FastifyTypeProvider } from "fastify";
import type { z } from "zod";
import { validationError } from "./validation-message.ts";

/** How messages call the parts of a request. */
const partNames: Readonly<Record<string, string>> = {
  body: "The body",
  querystring: "The query",
  params: "The path",
  headers: "The headers",
};

/** Validates by zod; a failure is a `ServiceError` with a message for the client. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const whole = partNames[httpPart ?? ""] ?? "The request";
  return (data: unknown) => {
    const result = schema.safeParse(data);
    return result.success ? { value: result.data } : { error: validationError(result.error, data, whole) };
  };
};

/**
 * Serializes answers, and refuses those that their schema does not allow: the last check of a result. Our schemas hold
 * no codecs, so that parsing does what encoding would do, in a fifth of the time.
 */
export const serializerCompiler: FastifySerializerCompiler<z.ZodType> =
  ({ schema }) =>
  (data) =>
    JSON.stringify(schema.parse(data));

/** Gives handlers the types of their zod schemas. */
export interface ZodTypeProvider extends FastifyTypeProvider {
  validator: this["schema"] extends z.ZodType ? z.output<this["schema"]> : unknown;
  serializer: this["schema"] extends z.ZodType ? z.input<this["schema"]> : unknown;
}
