import { z } from "zod";

/** An object that refuses unknown keys and says which ones it knows; the unknown ones are the client's text. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `has an unknown key; known keys are ${Object.keys(shape).join(", ")}`
        : undefined,
  });
}
