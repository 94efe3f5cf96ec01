import { z } from "zod";
import { precisions } from "../../precision.ts";
import { responseFormats, timestampGranularities, timestampSource } from "./transcribe.ts";

const count = z.int().min(1);

/** Of text-classification models. */
const textLimitsSchema = z.strictObject({
  texts: count.meta({ description: "Texts of one request." }),
  characters: count.meta({ description: "Unicode code points of one text." }),
});

/** Of automatic-speech-recognition models. */
const speechLimitsSchema = z.strictObject({
  upload_bytes: count,
  audio_seconds: count,
  window_seconds: z.number().positive().meta({ description: "Of audio that the model hears at once." }),
});

/** Of automatic-speech-recognition models. */
const speechShape = {
  languages: z.array(z.string()).optional().meta({ description: "ISO 639 codes of the languages that it knows." }),
  detects_language: z
    .boolean()
    .optional()
    .meta({ description: "Whether it says which language is spoken when the request names none." }),
  response_formats: z.array(z.enum(responseFormats)).optional(),
  stream_formats: z
    .array(z.enum(responseFormats))
    .optional()
    .meta({ description: "Formats that can be asked for together with stream=true." }),
  timestamp_source: z
    .literal(timestampSource)
    .optional()
    .meta({ description: "Segments begin and end where speech does, not where the model believes that words do." }),
  timestamp_granularities: z.array(z.enum(timestampGranularities)).optional(),
};

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
    precision: z.enum(precisions),
    state: z.enum(["loading", "ready", "circuit_open", "stopped"]),
    labels: z.array(z.string()).optional().meta({ description: "What it tells apart; of text-classification models." }),
    ...speechShape,
    limits: z.union([textLimitsSchema, speechLimitsSchema]),
  })
  .meta({ id: "Model" });

export const modelListSchema = z
  .strictObject({ object: z.literal("list"), data: z.array(modelSchema) })
  .meta({ id: "ModelList" });

export const modelParametersSchema = z.object({ name: z.string() });
