import {
  AV_LOG_QUIET,
  AV_NOPTS_VALUE,
  AV_PKT_FLAG_CORRUPT,
  AV_TIME_BASE,
  AVDISCARD_ALL,
  AVERROR_EOF,
  AVFMT_TS_DISCONT,
  AVMEDIA_TYPE_AUDIO,
} from "node-av/constants";
import { avGetCodecName, Codec, CodecContext, type FormatContext, Frame, Log, Packet, type Stream } from "node-av/lib";
import { decoders } from "../processes/audio-formats.ts";
import { countsFromZero } from "./counts-from-zero.ts";
import { DeclaredLength } from "./declared-length.ts";
import { DecodeError, type Decoder } from "./decoder.ts";
import { openNodeAvInput } from "./node-av-input.ts";
import { Resampler } from "./resampler.ts";
import { silence, Timeline } from "./timeline.ts";
import type { UploadFile } from "./upload-file.ts";

/**
 * Decodes the best audio track with FFmpeg's libraries in this process, by their synchronous calls: they call back for
 * bytes and block meanwhile, which runs at the speed of FFmpeg's own program.
 */
export function* decodeWithNodeAv(file: UploadFile, needsWholeFile: boolean): Decoder {
  Log.setLevel(AV_LOG_QUIET);
  const format = openNodeAvInput(file, needsWholeFile);
  const track = chooseTrack(format);
  const decoder = openDecoder(track);
  const startMs = countsFromZero((target, position) => file.read(target, position)) ? 0 : toMs(format.startTime);
  const length = new DeclaredLength(format, track, startMs ?? 0);
  if (!length.needsEveryTrack) {
    skipOtherTracks(format, track);
  }
  const sound = new TimedSound(format, track, startMs);
  const packet = new Packet();
  const frame = new Frame();
  packet.alloc();
  frame.alloc();
  let isDamaged = false;
  let isLastCorrupt = false;
  let result = format.readFrameSync(packet);
  for (; result >= 0; result = format.readFrameSync(packet)) {
    length.observe(packet);
    if (packet.streamIndex === track.index) {
      // The last packet of a file may be cut off; in any other that is damage.
      isDamaged ||= isLastCorrupt;
      isDamaged = decoder.sendPacketSync(packet) < 0 || isDamaged;
      isLastCorrupt = packet.hasFlags(AV_PKT_FLAG_CORRUPT);
      yield* receive(decoder, frame, sound);
    }
    packet.unref();
  }
  decoder.sendPacketSync(null);
  yield* receive(decoder, frame, sound);
  yield* sound.finish();
  return {
    container: format.iformat?.name ?? "",
    codec: avGetCodecName(track.codecpar.codecId) ?? "",
    isCutOff: length.isCutOff(sound.decodedMs, sound.silenceMs),
    isDamaged: isDamaged || result !== AVERROR_EOF,
  };
}

function chooseTrack(format: FormatContext): Stream {
  const index = format.findBestStream(AVMEDIA_TYPE_AUDIO);
  const track = format.streams.find((stream) => stream.index === index);
  if (track === undefined) {
    throw new DecodeError("no_audio_track");
  }
  return track;
}

function openDecoder(track: Stream): CodecContext {
  const codec = Codec.findDecoder(track.codecpar.codecId);
  if (codec === null || !decoders.some((allowed) => allowed === codec.name)) {
    throw new DecodeError("codec_not_allowed");
  }
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.parametersToContext(track.codecpar);
  decoder.threadCount = 1;
  decoder.pktTimebase = track.timeBase;
  if (decoder.open2Sync(codec, null) < 0) {
    throw new DecodeError("codec_not_allowed");
  }
  return decoder;
}

/** FFmpeg then drops their packets before it reads them. */
function skipOtherTracks(format: FormatContext, track: Stream): void {
  for (const other of format.streams.filter(({ index }) => index !== track.index)) {
    other.discard = AVDISCARD_ALL;
  }
}

function* receive(decoder: CodecContext, frame: Frame, sound: TimedSound): Generator<Float32Array, void, void> {
  while (decoder.receiveFrameSync(frame) >= 0) {
    yield* sound.convert(frame);
    frame.unref();
  }
}

/** The samples of frames, with silence where the file's times leave some out. */
class TimedSound {
  readonly #resampler = new Resampler();
  readonly #timeline: Timeline;
  readonly #msPerUnit: number;

  #silenceMs = 0;

  constructor(format: FormatContext, track: Stream, startMs: number | null) {
    this.#msPerUnit = (1000 * track.timeBase.num) / track.timeBase.den;
    this.#timeline = new Timeline({
      startMs,
      endMs: endOf(format),
      isDiscontinuous: ((format.iformat?.flags ?? 0) & AVFMT_TS_DISCONT) !== 0,
    });
  }

  /** Milliseconds of sound so far, without the silence before and between. */
  get decodedMs(): number {
    return this.#resampler.producedMs;
  }

  get silenceMs(): number {
    return this.#silenceMs;
  }

  *convert(frame: Frame): Generator<Float32Array, void, void> {
    const { bestEffortTimestamp, nbSamples, sampleRate } = frame;
    const isTimed = bestEffortTimestamp !== AV_NOPTS_VALUE;
    const timeMs = isTimed ? Number(bestEffortTimestamp) * this.#msPerUnit : null;
    const silenceMs = this.#timeline.place(timeMs, (1000 * nbSamples) / sampleRate);
    if (silenceMs > 0) {
      this.#silenceMs += silenceMs;
      yield* this.#resampler.flush();
      yield* silence(silenceMs);
    }
    yield* this.#resampler.convert(frame);
  }

  finish(): Generator<Float32Array, void, void> {
    return this.#resampler.flush();
  }
}

/** Where the container says that it ends, by its times. */
function endOf(format: FormatContext): number | null {
  const durationMs = toMs(format.duration);
  return durationMs === null ? null : durationMs + (toMs(format.startTime) ?? 0);
}

function toMs(time: bigint): number | null {
  return time === AV_NOPTS_VALUE ? null : (1000 * Number(time)) / AV_TIME_BASE;
}
