import { z } from "zod";

const statusSchema = z.enum(["ok", "fail"]);

export const healthQuerySchema = z.object({
  verbose: z.string().optional().meta({ description: "1 adds the checks." }),
});

export const healthResponseSchema = z
  .strictObject({
    status: statusSchema,
    checks: z
      .array(z.strictObject({ name: z.string(), status: statusSchema, detail: z.string(), since: z.string() }))
      .optional(),
  })
  .meta({ id: "Health" });
