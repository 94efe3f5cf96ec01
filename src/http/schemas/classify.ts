import { z } from "zod";
import { maxTimeoutMs, minTimeoutMs } from "../../admission/input-limits.ts";
import { extraParamsSchema } from "./extra-params.ts";
import { strictObject } from "./strict-object.ts";
import { boundedArray, textSchema } from "./texts.ts";

/** An optional field may be left out or be null. */
export const classifyRequestSchema = strictObject({
  inputs: strictObject({ classificationInputs: boundedArray(textSchema) }),
  extraParams: extraParamsSchema.nullish(),
  options: strictObject({
    threshold: z
      .number()
      .min(0)
      .max(1)
      .nullish()
      .meta({ description: "Toxic score from which a text is flagged; the service's default when absent." }),
    timeoutMs: z.int().min(minTimeoutMs).max(maxTimeoutMs).nullish().meta({
      description: "Milliseconds from when the headers were read; the smaller of this and the header counts.",
    }),
  }).nullish(),
}).meta({ id: "ClassifyRequest" });

const scoreSchema = z.number().min(0).max(1);
const countSchema = z.int().min(0);
const millisecondsSchema = z.number().min(0);

export const classifyResponseSchema = z
  .strictObject({
    model: z.strictObject({ name: z.string(), version: z.string(), digest: z.string() }),
    classificationScores: z
      .array(z.array(z.strictObject({ label: z.string(), score: scoreSchema })))
      .meta({ description: "One list per text, in the order of the model's labels." }),
    results: z.array(
      z.strictObject({
        label: z.string().meta({ description: "The label with the highest score." }),
        flagged: z.boolean().meta({ description: "Whether the toxic score reaches the threshold." }),
        tokens: countSchema.meta({
          description:
            "Tokens of the text that the model reads. 0 where it knows nothing of it, such as emoji alone or another script: then the scores say nothing.",
        }),
        windows: countSchema,
        spans: z
          .array(z.strictObject({ start: countSchema, end: countSchema, score: scoreSchema }))
          .meta({ description: "Windows that reach the threshold, in UTF-16 offsets of the text as sent." }),
      }),
    ),
    timings: z.strictObject({
      queueMs: millisecondsSchema,
      preprocessMs: millisecondsSchema,
      inferenceMs: millisecondsSchema,
      totalMs: millisecondsSchema,
    }),
  })
  .meta({ id: "ClassifyResponse" });
