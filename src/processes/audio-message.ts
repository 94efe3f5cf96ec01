import { z } from "zod";
import { type AudioMessage, audioFaults, mostWindowFrames } from "./audio-protocol.ts";

const count = z.int().nonnegative();
const duration = z.number().nonnegative();

/** What an audio process may say. It read a stranger's file: nothing that it says is taken on trust. */
const audioMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("progress"), decodedMs: count }),
  z.strictObject({
    type: z.literal("window"),
    index: count,
    frames: z.int().min(1).max(mostWindowFrames),
    segments: z
      .array(z.tuple([count, count, count]))
      .min(1)
      .max(mostWindowFrames),
  }),
  z.strictObject({
    type: z.literal("end"),
    durationMs: count,
    speechMs: count,
    isCutOff: z.boolean(),
    isDamaged: z.boolean(),
    container: z.string().max(100),
    codec: z.string().max(100),
    decodeMs: duration,
    voiceActivityMs: duration,
    featuresMs: duration,
  }),
  z.strictObject({ type: z.literal("failed"), fault: z.enum(audioFaults) }),
]);

/** The message, or null when the text is none. */
export function parseAudioMessage(text: string): AudioMessage | null {
  try {
    return audioMessageSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
