import { z } from "zod";
import { headerSafe } from "./extra-params.ts";
import { strictObject } from "./strict-object.ts";

export const responseFormats = ["json", "text", "srt", "vtt", "verbose_json"] as const;

export type ResponseFormat = (typeof responseFormats)[number];

/** What times can be asked for. */
export const timestampGranularities = ["segment"] as const;

/** Where all times come from: no model that is served here tells when its words were said. */
export const timestampSource = "voice_activity" as const;

/** Subtitles are files: they have no events. */
export const formatsWithoutStream: readonly ResponseFormat[] = ["srt", "vtt"];

/** A string that is refused with the message unless the test holds; its JSON schema says nothing of the test. */
const textThat = (holds: (text: string) => boolean, message: string) =>
  z.string().check((context) => {
    if (!holds(context.value)) {
      context.issues.push({ code: "custom", message, input: undefined });
    }
  });

const fraction = textThat(
  (text) => /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) && Number(text) <= 1,
  "must be a number from 0 to 1",
)
  .transform(Number)
  .meta({ type: "number", minimum: 0, maximum: 1 });

/** Unsigned, of 32 bits. */
export const largestSeed = 2 ** 32 - 1;

const seed = textThat(
  (text) => /^\d{1,10}$/.test(text) && Number(text) <= largestSeed,
  `must be an integer from 0 to ${largestSeed}`,
).transform(Number);

const truthValue = z.stringbool({ truthy: ["true", "1"], falsy: ["false", "0"] }).meta({ type: "boolean" });

const granularity = textThat((text) => text === "segment", "must be segment: words have no timestamps").meta({
  const: "segment",
});

const granularities = z.union([granularity, z.array(granularity).max(8)]);

const shape = {
  model: z.string().max(200).optional().meta({
    description: "One of ours or one of OpenAI's transcription models, which stand for the service's own.",
  }),
  language: z.string().max(20).optional().meta({
    description: "ISO 639-1 code of the language that is spoken, such as fr; the model finds it out when absent.",
  }),
  response_format: z.enum(responseFormats).default("json"),
  stream: truthValue
    .default(false)
    .meta({ description: "Server-sent events instead of one answer; not with srt and vtt." }),
  temperature: fraction.default(0).meta({ description: "0 takes the likeliest word at each step." }),
  seed: seed.optional().meta({
    type: "integer",
    minimum: 0,
    maximum: largestSeed,
    description:
      "Above temperature 0, the same seed gives the same words; drawn anew for each request when absent. At 0, words are drawn only where a text went in circles, from the seed 0 when absent.",
  }),
  "timestamp_granularities[]": granularities.optional(),
  timestamp_granularities: granularities.optional(),
  moderate: truthValue.default(false).meta({ description: "Score each segment for toxicity." }),
  mask: truthValue.default(false).meta({ description: "Replace the words of toxic segments; scores them too." }),
  threshold: fraction.optional().meta({
    description: "Toxic score from which a segment is flagged; the service's default when absent.",
  }),
  clientId: headerSafe.optional(),
  channel: headerSafe.optional(),
  media: headerSafe.optional(),
};

/** The parameters of a transcription, in the query or as fields of a form: all of them are strings there. */
export const transcribeParametersSchema = strictObject(shape).check(refuseStreamedSubtitles);

const chunkingStrategy = z
  .string()
  .optional()
  .meta({ description: "Accepted for OpenAI's clients; audio is always cut where nobody speaks." });

/** OpenAI's clients may send these too; they change nothing here. A strategy is a name, or a field for each of its parts. */
export const openaiParametersSchema = strictObject({
  ...shape,
  prompt: z.string().optional().meta({ description: "Accepted for OpenAI's clients; has no effect." }),
  chunking_strategy: chunkingStrategy,
  "chunking_strategy[type]": chunkingStrategy,
  "chunking_strategy[threshold]": chunkingStrategy,
  "chunking_strategy[prefix_padding_ms]": chunkingStrategy,
  "chunking_strategy[silence_duration_ms]": chunkingStrategy,
}).check(refuseStreamedSubtitles);

export type TranscribeParameters = z.output<typeof transcribeParametersSchema>;

function refuseStreamedSubtitles(context: {
  readonly value: { readonly stream: boolean; readonly response_format: ResponseFormat };
  readonly issues: z.core.$ZodRawIssue[];
}): void {
  const { stream, response_format: format } = context.value;
  if (stream && formatsWithoutStream.includes(format)) {
    const message = `must be false for the formats ${formatsWithoutStream.join(" and ")}`;
    context.issues.push({ code: "custom", path: ["stream"], message, input: undefined });
  }
}

const secondsSchema = z.number().min(0);
const probabilitySchema = z.number().min(0).max(1);

const toxicitySchema = z
  .strictObject({ score: probabilitySchema, flagged: z.boolean() })
  .meta({ description: "Of the segment; only when it was asked for." });

const usageSchema = z
  .strictObject({ type: z.literal("duration"), seconds: z.int().min(0) })
  .meta({ description: "Length of the audio in whole seconds, rounded up." });

/** What every JSON answer says of the whole. */
const wholeShape = {
  text: z.string().meta({ description: "Empty when nobody speaks." }),
  language: z.string().nullable().meta({
    description:
      "ISO 639-1 code of the language asked for, or else of that heard at the beginning; null when there is neither.",
  }),
  duration: secondsSchema.meta({ description: "Length of the audio in seconds." }),
  partial: z.boolean().meta({ description: "The file was cut off or damaged; what is there was transcribed." }),
  warnings: z.array(z.string()),
  flagged: z.boolean().optional().meta({ description: "Whether any segment is; only when moderation was asked for." }),
  usage: usageSchema,
};

/** The answer of the format `json`. */
export const transcriptionSchema = z
  .strictObject({
    ...wholeShape,
    segments: z
      .array(
        z.strictObject({
          id: z.int().min(0),
          start: secondsSchema,
          end: secondsSchema,
          text: z.string(),
          toxicity: toxicitySchema,
        }),
      )
      .optional()
      .meta({ description: "Only when moderation was asked for." }),
  })
  .meta({ id: "Transcription" });

/** The answer of the format `verbose_json`: OpenAI's fields and some more. */
export const verboseTranscriptionSchema = z
  .strictObject({
    task: z.literal("transcribe"),
    ...wholeShape,
    timestamp_source: z
      .literal(timestampSource)
      .meta({ description: "Segments begin and end where speech does, not where the model believes that words do." }),
    segments: z.array(
      z.strictObject({
        id: z.int().min(0),
        seek: z.int().min(0).meta({ description: "Where the segment begins, in steps of 10 ms." }),
        start: secondsSchema,
        end: secondsSchema,
        text: z.string(),
        tokens: z.array(z.int()).meta({ description: "Always empty: the ids of tokens are not kept." }),
        temperature: probabilitySchema.meta({
          description: "Above the one asked for where a text went in circles and was heard again.",
        }),
        avg_logprob: z.number().max(0),
        compression_ratio: z.number().min(0),
        no_speech_prob: probabilitySchema.nullable().meta({ description: "Null when the model does not say." }),
        language: z.string().nullable().meta({
          description: "Null when none was asked for and the model detects none.",
        }),
        toxicity: toxicitySchema.optional(),
      }),
    ),
    model: z.strictObject({ name: z.string(), version: z.string(), digest: z.string() }),
    timings: z.strictObject({
      queueMs: z.number().min(0),
      preprocessMs: z.number().min(0),
      inferenceMs: z.number().min(0),
      totalMs: z.number().min(0),
    }),
  })
  .meta({ id: "VerboseTranscription" });
