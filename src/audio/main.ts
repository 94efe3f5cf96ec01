import { flushCompileCache } from "node:module";
import { endsEarly } from "../processes/audio-formats.ts";
import { type AudioFault, type AudioStart, audioDescriptors } from "../processes/audio-protocol.ts";
import { DecodeError, type Decoder } from "./decoder.ts";
import { LogMel } from "./log-mel.ts";
import { readMp3Length } from "./mp3-length.ts";
import { endsWithinMp4Box } from "./mp4-end.ts";
import { hasDamagedOggPage } from "./ogg-damage.ts";
import { endsWithinOggPage } from "./ogg-end.ts";
import { ParentChannel } from "./parent-channel.ts";
import { refuseTooLong } from "./refuse-too-long.ts";
import { Stopwatch } from "./stopwatch.ts";
import { transformAudio } from "./transform-audio.ts";
import { UploadFile } from "./upload-file.ts";
import { VoiceActivity } from "./voice-activity.ts";
import { endsWithinWavData } from "./wav-end.ts";

/**
 * Entry of an audio process: decodes one upload, finds the speech in it and sends it out as windows of features. Loads
 * everything first, so that it can wait as a spare. Arguments: who decodes, and the voice activity model's file.
 */

/** 15 s. */
const warmUpFrames = 1500;

const channel = new ParentChannel();
const upload = new UploadFile({
  descriptor: audioDescriptors.upload,
  waitForGrowth: () => channel.waitForSign(),
  onRead: () => channel.reportProgress(),
});
const [, , decoderName = "", voiceActivityFile = ""] = process.argv;
const decoder = await loadDecoder(decoderName);
const voiceActivity = await VoiceActivity.open(voiceActivityFile);
// Once for the compiler: the first window would take five times as long.
new LogMel(80, null).features(new Float32Array(0), warmUpFrames);
channel.send({ type: "ready" });
const start = channel.receiveStart();
if (start === null) {
  // With a cache that may be written it was started for this alone.
  flushCompileCache();
} else {
  await serve(start);
}
// Exiting in the regular way hangs now and then (nodejs/node#54918). The first process of a namespace is immune to its
// own signals, and takes that risk.
process.kill(process.pid, "SIGKILL");
process.exit();

interface LoadedDecoder {
  readonly open: (start: AudioStart) => Decoder;
  /** Milliseconds for which it waited for others. */
  readonly waitedMs: () => number;
}

async function loadDecoder(name: string): Promise<LoadedDecoder> {
  if (name === "node-av") {
    const { decodeWithNodeAv } = await import("./node-av-decoder.ts");
    return { open: ({ needsWholeFile }) => decodeWithNodeAv(upload, needsWholeFile), waitedMs: () => upload.waitedMs };
  }
  const { decodedElsewhere } = await import("./pcm-decoder.ts");
  const waiting = new Stopwatch();
  return {
    open: () => decodedElsewhere(readAt, waiting, () => channel.waitForDecoderEnd()),
    waitedMs: () => waiting.totalMs + upload.waitedMs,
  };
}

function readAt(target: Uint8Array, position: number): number {
  return upload.read(target, position);
}

async function serve(work: AudioStart): Promise<void> {
  try {
    const end = await transformAudio({
      start: work,
      decoder: refuseTooLong(decoder.open(work), readAt, work.maxSeconds),
      waitedMs: decoder.waitedMs,
      probabilities: (samples) => voiceActivity.probabilities(samples),
      endsEarly: uploadEndsEarly,
      onWindow: (message, features) => channel.send(message, features),
      onProgress: (decodedMs) => channel.reportProgress(decodedMs),
    });
    channel.send({ ...end, isDamaged: end.isDamaged || hasDamagedOggPage(readAt, upload.size) });
  } catch (error) {
    channel.send({ type: "failed", fault: faultOf(error) });
  }
}

/** What decoders do not say of files that they read from front to back. */
function uploadEndsEarly(durationMs: number): boolean {
  return (
    endsEarly(durationMs, readMp3Length(readAt) ?? 0) ||
    endsWithinOggPage(readAt, upload.size) ||
    endsWithinMp4Box(readAt, upload.size) ||
    endsWithinWavData(readAt, upload.size)
  );
}

/** By name only: a message of a library may quote the file. */
function faultOf(error: unknown): AudioFault {
  return error instanceof DecodeError ? error.fault : "internal";
}
