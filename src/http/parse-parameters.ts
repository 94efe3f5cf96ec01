import type { z } from "zod";
import type { FormFields } from "./multipart-upload.ts";
import { validationError } from "./validation-message.ts";

/**
 * Checks the parameters from a query and a form.
 * @throws ServiceError `invalid_request` that names the first one at fault.
 */
export function parseParameters<Schema extends z.ZodType>(schema: Schema, values: FormFields): z.output<Schema> {
  const result = schema.safeParse(values);
  if (!result.success) {
    throw validationError(result.error, values, "The request");
  }
  return result.data;
}
