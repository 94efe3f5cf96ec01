import { z } from "zod";

export const modelSchema = z
  .strictObject({
    id: z.string(),
    object: z.literal("model"),
    created: z.int().meta({ description: "When this service began to serve it, in seconds since 1970." }),
    owned_by: z.string(),
    task: z.enum(["text-classification", "automatic-speech-recognition"]),
    version: z.string(),
    digest: z.string(),
    device: z.string(),
    state: z.enum(["loading", "ready", "circuit_open", "stopped"]),
    labels: z.array(z.string()).optional().meta({ description: "What it tells apart; of text-classification models." }),
    languages: z
      .array(z.string())
      .optional()
      .meta({ description: "ISO 639 codes of the languages that it knows; of automatic-speech-recognition models." }),
  })
  .meta({ id: "Model" });

export const modelListSchema = z
  .strictObject({ object: z.literal("list"), data: z.array(modelSchema) })
  .meta({ id: "ModelList" });

export const modelParametersSchema = z.object({ name: z.string() });
