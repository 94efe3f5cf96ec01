import { endsEarly, isPlausible } from "./audio-formats.ts";
import type { AudioEnd, AudioFault } from "./audio-protocol.ts";

/** Longest line that is looked at, in characters: text may come without line breaks for ever. */
const longestLine = 4096;

const inputLine = /^Input #0, (\S+), from /;
const durationLine = /^ {2}Duration: (\d+):(\d\d):(\d\d\.\d+),/;
const streamLine = /^ {2}Stream #0:\d+\S*: (Audio|Video): (\w+)/;
const soundParameters = /, (\d+) Hz, (?:(\d+) channels)?/;
const inputEnd = /^(Stream mapping:|Output #0)/;
const workLine = /^bench: utime=(\d+\.\d+)s stime=(\d+\.\d+)s /;

const noAudio = /^Stream map '0:a:0' matches no streams/;
const noDecoder =
  /^(Error while opening decoder|Decoder \(codec .*\) not found|Decoding requested, but no decoder found for)/;
/** Of more channels than any layout has, or of places that are none. */
const noMix = /^(Rematrix is needed between|Input channel layout '.*' is not supported)/;
const damage =
  /^(Error while decoding|Error submitting packet|File ended prematurely|stream \d+, offset 0x[\da-f]+: partial file)/;

/** Begins a change of colour. */
const escape = "\u001B[";
const plainColour = "0m";

/**
 * What the `ffmpeg` program says of its input on standard error, at log level "info", with colours. It describes the input
 * in lines without colour that begin at the start or two columns in; what a file says of itself is indented deeper. Its
 * warnings and errors are coloured, and no text of a file is: FFmpeg takes the character out that begins a colour.
 */
export class FfmpegReport {
  #rest = "";
  #isAboutInput = true;
  #container = "";
  #codec = "";
  readonly #declaredMs: number[] = [];
  #workMs = 0;
  #hasPicture = false;
  #hasAudio = true;
  #isPlausible = true;
  #isDecodable = true;
  #isDamaged = false;

  /** Takes the next piece of text. */
  read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, longestLine);
    lines.forEach((line) => this.#readLine(line.slice(0, longestLine)));
  }

  /** Why nothing came out. */
  fault(): AudioFault {
    if (this.#container === "") {
      return "not_audio";
    }
    if (!this.#hasAudio) {
      return "no_audio_track";
    }
    return this.#isDecodable ? "no_samples" : "codec_not_allowed";
  }

  /** Whether the sound can be speech, given its sampling rate and channels, and be made one channel of. */
  get isPlausible(): boolean {
    return this.#isPlausible;
  }

  /** What the process that took the samples says at the end, with what only FFmpeg knows. */
  complete(end: AudioEnd, exitCode: number | null): AudioEnd {
    const [declaredMs = 0, ...contradictions] = this.#declaredMs;
    // A length is that of the longest track: with a picture, the sound may rightly end before it.
    const isComparable = contradictions.length === 0 && !this.#hasPicture;
    return {
      ...end,
      container: this.#container,
      codec: this.#codec,
      isCutOff: end.isCutOff || (isComparable && endsEarly(end.durationMs, declaredMs)),
      isDamaged: end.isDamaged || this.#isDamaged || exitCode !== 0,
      decodeMs: end.decodeMs + this.#workMs,
    };
  }

  #readLine(line: string): void {
    const parts = line.split(escape);
    const coloured = parts.findLast((part, at) => at > 0 && !part.startsWith(plainColour));
    if (coloured === undefined) {
      // The line before it may have left its return to no colour here.
      this.#readPlainLine(parts.at(-1)?.slice(parts.length > 1 ? plainColour.length : 0) ?? "");
    } else {
      this.#readWarning(coloured.slice(coloured.indexOf("m") + 1));
    }
  }

  #readWarning(text: string): void {
    this.#isDamaged ||= damage.test(text);
    this.#hasAudio &&= !noAudio.test(text);
    this.#isDecodable &&= !noDecoder.test(text);
    this.#isPlausible &&= !noMix.test(text);
  }

  #readPlainLine(line: string): void {
    this.#isAboutInput &&= !inputEnd.test(line);
    if (this.#isAboutInput) {
      this.#container ||= inputLine.exec(line)?.[1] ?? "";
      this.#readDuration(line);
      this.#readStream(line);
    }
    const [, userSeconds, systemSeconds] = workLine.exec(line) ?? [];
    if (userSeconds !== undefined) {
      this.#workMs = 1000 * (Number(userSeconds) + Number(systemSeconds));
    }
  }

  #readDuration(line: string): void {
    const [, hours, minutes, seconds] = durationLine.exec(line) ?? [];
    if (hours !== undefined) {
      this.#declaredMs.push(1000 * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)));
    }
  }

  /** The first audio track is the one that is decoded. */
  #readStream(line: string): void {
    const [, kind, codec = ""] = streamLine.exec(line) ?? [];
    this.#hasPicture ||= kind === "Video" && !line.includes("(attached pic)");
    if (kind === "Audio") {
      this.#codec ||= codec;
      const [, samplingRate, channels] = soundParameters.exec(line) ?? [];
      // Layouts with a name, such as "stereo" or "7.1", have a plausible number of channels.
      this.#isPlausible &&= samplingRate === undefined || isPlausible(Number(samplingRate), Number(channels ?? 1));
    }
  }
}
