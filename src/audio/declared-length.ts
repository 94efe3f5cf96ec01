import { AV_NOPTS_VALUE, AV_TIME_BASE } from "node-av/constants";
import type { FormatContext, Packet, Stream } from "node-av/lib";
import { endsEarly } from "../processes/audio-formats.ts";

/**
 * Compares what a container says of its length with what came out. Some know the length of each track; others know that
 * of the whole file only, whose sound may end before its picture, so that the packets of every track count.
 */
export class DeclaredLength {
  readonly #declaredMs: number | null;
  readonly #isOfTrack: boolean;
  readonly #timeBases: ReadonlyMap<number, number>;
  /** Ogg's times count samples: where they leave some out, pages were lost. */
  readonly #countsSamples: boolean;
  #firstMs: number | null = null;
  #reachedMs = 0;

  /** @param startMs Which of the file's times is its start. */
  constructor(format: FormatContext, track: Stream, startMs: number) {
    const ofTrackMs = toMs(track.duration, msPerUnit(track));
    const trackStartMs = Math.max(0, (toMs(track.startTime, msPerUnit(track)) ?? 0) - startMs);
    this.#isOfTrack = ofTrackMs !== null;
    this.#declaredMs = ofTrackMs !== null ? trackStartMs + ofTrackMs : toMs(format.duration, 1000 / AV_TIME_BASE);
    this.#countsSamples = format.iformat?.name === "ogg";
    this.#timeBases = new Map(format.streams.map((stream) => [stream.index, msPerUnit(stream)]));
  }

  /** Whether the packets of the other tracks are needed. */
  get needsEveryTrack(): boolean {
    return this.#declaredMs !== null && !this.#isOfTrack;
  }

  /** Takes note of a packet. */
  observe(packet: Packet): void {
    const factor = this.#timeBases.get(packet.streamIndex) ?? 0;
    this.#firstMs ??= toMs(packet.pts, factor) ?? 0;
    this.#reachedMs = Math.max(this.#reachedMs, toMs(packet.pts + packet.duration, factor) ?? 0);
  }

  /** Whether some of the file is missing, given how much of the track was decoded, and how much silence it leaves. */
  isCutOff(decodedMs: number, silenceMs: number): boolean {
    if (this.#countsSamples && endsEarly(decodedMs, this.#reachedMs - (this.#firstMs ?? 0))) {
      return true;
    }
    const endMs = decodedMs + silenceMs;
    const reachedMs = this.#isOfTrack ? endMs : Math.max(endMs, this.#reachedMs);
    return this.#declaredMs !== null && endsEarly(reachedMs, this.#declaredMs);
  }
}

function msPerUnit({ timeBase }: Stream): number {
  return (1000 * timeBase.num) / timeBase.den;
}

function toMs(units: bigint, factor: number): number | null {
  return units === AV_NOPTS_VALUE || units <= 0n ? null : Number(units) * factor;
}
