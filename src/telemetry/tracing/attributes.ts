import type { StageFacts } from "../../request-timeline.ts";

/** Attributes of the server span that no semantic convention names. */
export const requestAttributes = {
  requestId: "guardrail.request.id",
  errorCode: "guardrail.error.code",
  channel: "guardrail.channel",
  media: "guardrail.media",
  model: "guardrail.model.name",
  inputLength: "guardrail.input.length",
  leftOut: "guardrail.spans.left_out",
} as const;

/** Set on a stage that was under way when its request ended. */
export const unfinishedAttribute = "guardrail.unfinished";

/** Attributes of the spans of stages. Those without our prefix are of the semantic conventions. */
export const stageAttributes: Readonly<Record<keyof StageFacts, string>> = {
  model: "guardrail.model.name",
  modelVersion: "guardrail.model.version",
  pid: "process.pid",
  device: "guardrail.device",
  texts: "guardrail.texts",
  windows: "guardrail.windows",
  length: "guardrail.length",
  batchWindows: "guardrail.batch.windows",
  batchPaddedLength: "guardrail.batch.padded_length",
  transferMs: "guardrail.transfer_ms",
  audioMs: "guardrail.audio.duration_ms",
  speechMs: "guardrail.audio.speech_ms",
  decodeMs: "guardrail.audio.decode_ms",
  voiceActivityMs: "guardrail.audio.voice_activity_ms",
  featuresMs: "guardrail.audio.features_ms",
  failure: "error.type",
};
