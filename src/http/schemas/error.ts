import { z } from "zod";
import { errorCodes } from "../../errors.ts";

/** The body of every error, on every route. */
export const errorResponseSchema = z
  .strictObject({
    error: z.strictObject({
      message: z.string(),
      type: z.enum([
        "invalid_request_error",
        "authentication_error",
        "permission_error",
        "rate_limit_error",
        "server_error",
      ]),
      param: z
        .string()
        .nullable()
        .meta({ description: "The field or header at fault, such as inputs.classificationInputs[3]." }),
      code: z.enum(errorCodes),
    }),
    requestId: z.string(),
    traceId: z.string(),
  })
  .meta({ id: "Error" });
