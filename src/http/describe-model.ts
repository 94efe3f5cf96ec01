import type { z } from "zod";
import { maxTextLength, maxTexts } from "../admission/input-limits.ts";
import type { ServedModel, SpeechModel } from "../tasks/served-model.ts";
import type { modelSchema } from "./schemas/models.ts";
import {
  formatsWithoutStream,
  responseFormats,
  timestampGranularities,
  timestampSource,
} from "./schemas/transcribe.ts";
import type { TranscriptionLimits } from "./transcription-run.ts";

const ownedBy = "guardrail-api";

/** Columns of a spectrogram in a second. */
const framesPerSecond = 100;

/**
 * What a client needs to know of a model: which it is, and what may be asked of it.
 * @param created when this service began to serve it, in seconds since 1970.
 */
export function describeModel(
  model: ServedModel,
  created: number,
  limits: Pick<TranscriptionLimits, "maxBytes" | "maxSeconds">,
): z.input<typeof modelSchema> {
  const { name, version, digest } = model.identity;
  return {
    id: name,
    object: "model",
    created,
    owned_by: ownedBy,
    task: model.task,
    version,
    digest,
    device: model.device,
    precision: model.precision,
    state: model.state(),
    ...(model.task === "text-classification"
      ? { labels: [...model.labels], limits: { texts: maxTexts, characters: maxTextLength } }
      : describeSpeech(model, limits)),
  };
}

function describeSpeech(
  { languages, detectsLanguage, windows }: SpeechModel,
  { maxBytes, maxSeconds }: Pick<TranscriptionLimits, "maxBytes" | "maxSeconds">,
) {
  return {
    languages: [...languages],
    detects_language: detectsLanguage,
    response_formats: [...responseFormats],
    stream_formats: responseFormats.filter((format) => !formatsWithoutStream.includes(format)),
    timestamp_source: timestampSource,
    timestamp_granularities: [...timestampGranularities],
    limits: {
      upload_bytes: maxBytes,
      audio_seconds: maxSeconds,
      window_seconds: windows.mostFrames / framesPerSecond,
    },
  };
}
