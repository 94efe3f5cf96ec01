import { expect, test } from "vitest";
import type { AudioEnd } from "../../../src/processes/audio-protocol.ts";
import { FfmpegReport } from "../../../src/processes/ffmpeg-report.ts";

const end: AudioEnd = {
  type: "end",
  durationMs: 6469,
  speechMs: 5000,
  isCutOff: false,
  isDamaged: false,
  container: "",
  codec: "",
  decodeMs: 1,
  voiceActivityMs: 2,
  featuresMs: 3,
};

const m4a = `Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'pipe:0':
  Metadata:
    major_brand     : M4A 
    title           : Input #0, wav, from nowhere
                    :   Stream #0:0: Audio: flac, 1 Hz, mono
  Duration: 00:00:06.47, start: 0.000000, bitrate: 75 kb/s
  Stream #0:0[0x1](und): Audio: aac (LC) (mp4a / 0x6134706D), 22050 Hz, mono, fltp, 73 kb/s (default)
Stream mapping:
  Stream #0:0 -> #0:0 (aac (native) -> pcm_f32le (native))
Output #0, f32le, to 'pipe:1':
  Stream #0:0(und): Audio: pcm_f32le, 16000 Hz, mono, flt, 512 kb/s (default)
`;

test("container and codec are those of the input, whatever its tags say", () => {
  expect(read(m4a).complete(end, 0)).toEqual({ ...end, container: "mov,mp4,m4a,3gp,3g2,mj2", codec: "aac" });
});

test("the text may come in any pieces", () => {
  const report = new FfmpegReport();
  Array.from(m4a).forEach((character) => report.read(character));
  expect(report.complete(end, 0).codec).toBe("aac");
});

test("a file that is shorter than it declares was cut off", () => {
  expect(read(m4a).complete({ ...end, durationMs: 3000 }, 0).isCutOff).toBe(true);
});

test("the length of a video is no measure of its sound, that of a song with a cover is", () => {
  const video = m4a.replace("Stream mapping", "  Stream #0:1: Video: h264 (High), yuv420p, 64x64\nStream mapping");
  const cover = m4a.replace("Stream mapping", "  Stream #0:1: Video: mjpeg, 64x64 (attached pic)\nStream mapping");
  expect(read(video).complete({ ...end, durationMs: 3000 }, 0).isCutOff).toBe(false);
  expect(read(cover).complete({ ...end, durationMs: 3000 }, 0).isCutOff).toBe(true);
});

test("what the other process found is kept", () => {
  expect(read(m4a).complete({ ...end, isCutOff: true, isDamaged: true }, 0)).toMatchObject({
    isCutOff: true,
    isDamaged: true,
  });
});

test.each([
  red("Error while decoding stream #0:0: Invalid data found when processing input"),
  `${context("aist#0:0/mp3 @ 0x1")}${context("dec:mp3float @ 0x2")}${red("Error submitting packet to decoder: Invalid data")}`,
  `${context("matroska,webm @ 0x1")}${red("File ended prematurely at pos. 4096 (0x1000)")}`,
  `${context("mov,mp4,m4a,3gp,3g2,mj2 @ 0x1")}${red("stream 0, offset 0x30: partial file")}`,
])("a message of damage counts: %j", (line) => {
  expect(read(`${m4a}${line}`).complete(end, 0).isDamaged).toBe(true);
  expect(read(`${line}${m4a}`).complete(end, 0)).toMatchObject({ isDamaged: true, codec: "aac" });
});

// A name of a tag keeps its line breaks, a text gets the indentation behind each.
test.each([
  "    title           : partial file",
  "    title           : File ended prematurely at pos. 4096 (0x1000)",
  "    title           : one line\n                    : Error while decoding stream #0:0: Invalid data",
  "    a\nError while decoding stream #0:0: Invalid data: b",
  "    a\n[mov,mp4,m4a,3gp,3g2,mj2 @ 0x1] stream 0, offset 0x30: partial file: b",
  "    a\n?[1;31mFile ended prematurely at pos. 4096 (0x1000)\n?[0m: b",
  "    a\nError while opening decoder for input stream #0:0 : Invalid argument: b",
  "    a\nStream map '0:a:0' matches no streams.: b",
  "    a\n  Duration: 99:00:00.00, start: 0.000000, bitrate: 1 kb/s\nb : c",
])("what a file says of itself is no message: %j", (tag) => {
  const text = m4a.replace("  Metadata:\n", `  Metadata:\n${tag}\n`);
  expect(text).not.toBe(m4a);
  expect(read(text).complete(end, 0)).toMatchObject({ codec: "aac", isDamaged: false, isCutOff: false });
  expect(read(text).fault()).toBe("no_samples");
});

test("a text within a warning is no message of its own", () => {
  const warning = `${context("matroska,webm @ 0x1")}${red("Unknown codec a\nFile ended prematurely at pos. 1: partial file")}`;
  expect(read(`${warning}${m4a}`).complete(end, 0).isDamaged).toBe(false);
});

test("the time that FFmpeg worked is added to that of the other process", () => {
  const text = `${m4a}bench: utime=0.250s stime=0.050s rtime=9.123s\nbench: maxrss=55124kB\n`;
  expect(read(text).complete(end, 0).decodeMs).toBeCloseTo(301);
});

test("an exit code counts as damage", () => {
  expect(read(m4a).complete(end, 1).isDamaged).toBe(true);
});

test.each([
  ["not_audio", "pipe:0: Invalid data found when processing input\n"],
  ["no_audio_track", `Input #0, avi, from 'pipe:0':\n${red("Stream map '0:a:0' matches no streams.")}`],
  ["codec_not_allowed", `${m4a}${red("Error while opening decoder for input stream #0:0 : Invalid argument")}`],
  ["codec_not_allowed", `${m4a}${red("Decoder (codec none) not found for input stream #0:0")}`],
  ["no_samples", m4a],
])("without samples the reason is told: %s", (fault, text) => {
  expect(read(text).fault()).toBe(fault);
});

test.each([
  ["22050 Hz, mono", true],
  ["4000 Hz, stereo", true],
  ["48000 Hz, 7.1", true],
  ["48000 Hz, 64 channels", true],
  ["1 Hz, mono", false],
  ["3999 Hz, mono", false],
  ["800000 Hz, mono", false],
  ["16000 Hz, 65 channels", false],
])("sound of %s can be speech: %s", (parameters, expected) => {
  expect(read(m4a.replace("22050 Hz, mono", parameters)).isPlausible).toBe(expected);
});

test.each([
  "Rematrix is needed between 9 channels and mono but there is not enough information to do it",
  "Input channel layout '2 channels (FL+SR)' is not supported",
])("channels that cannot be mixed cannot be speech: %j", (message) => {
  const warning = `${context("Parsed_aresample_0 @ 0x1")}${context("SWR @ 0x2")}${red(message)}`;
  expect(read(`${m4a}${warning}`).isPlausible).toBe(false);
});

/** As FFmpeg writes an error: the colour goes back at the start of the next line. */
function red(text: string): string {
  return `\u001B[1;31m${text}\n\u001B[0m`;
}

/** What precedes it: the part of FFmpeg that says it. */
function context(name: string): string {
  return `\u001B[0;35m[${name}] \u001B[0m`;
}

function read(text: string): FfmpegReport {
  const report = new FfmpegReport();
  report.read(text);
  return report;
}
