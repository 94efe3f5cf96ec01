import { z } from "zod";
import { strictObject } from "./strict-object.ts";
import { boundedArray, textSchema } from "./texts.ts";

/** OpenAI's categories, in its order. */
export const moderationCategories = [
  "harassment",
  "harassment/threatening",
  "hate",
  "hate/threatening",
  "illicit",
  "illicit/violent",
  "self-harm",
  "self-harm/instructions",
  "self-harm/intent",
  "sexual",
  "sexual/minors",
  "violence",
  "violence/graphic",
] as const;

export type ModerationCategory = (typeof moderationCategories)[number];

const textPartSchema = strictObject({ type: z.literal("text"), text: textSchema });

export const moderationRequestSchema = strictObject({
  input: z.union([textSchema, boundedArray(textSchema), boundedArray(textPartSchema)]).meta({
    description: "A text, a list of texts, or the text parts of one input. Images are not accepted.",
  }),
  model: z.string().max(200).nullish().meta({ description: "One of ours or one of OpenAI's moderation models." }),
}).meta({ id: "ModerationRequest" });

export type ModerationInput = z.infer<typeof moderationRequestSchema>["input"];

export const moderationResponseSchema = z
  .strictObject({
    id: z.string(),
    model: z.string(),
    results: z.array(
      z.strictObject({
        flagged: z.boolean(),
        categories: categories(z.boolean()),
        category_scores: categories(z.number().min(0).max(1)),
        category_applied_input_types: categories(z.array(z.literal("text"))),
      }),
    ),
  })
  .meta({ id: "ModerationResponse" });

function categories<Value extends z.ZodType>(value: Value) {
  const shape = Object.fromEntries(moderationCategories.map((category) => [category, value]));
  return z.strictObject(shape as Record<ModerationCategory, Value>);
}
