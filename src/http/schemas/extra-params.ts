import { z } from "zod";

/** Printable ASCII and Latin-1: what a header may carry, and no line of a log can be broken with. */
export const headerSafe = z
  .string()
  .max(256)
  .regex(/^[\x20-\x7e\xa0-\xff]*$/, "must not have control characters or characters beyond Latin-1");

/** Who sends the texts and from where. Unknown keys are ignored: the clients of the predecessor send more. */
export const extraParamsSchema = z.looseObject({
  clientId: headerSafe.nullish(),
  channel: headerSafe.nullish(),
  media: headerSafe.nullish(),
  "X-B3-TraceId": headerSafe
    .nullish()
    .meta({ description: "16 or 32 hexadecimal digits; malformed ones are ignored." }),
  "X-B3-SpanId": headerSafe.nullish().meta({ description: "16 hexadecimal digits; malformed ones are ignored." }),
});
