import { ascii, concat, u16le, u32le, u64le } from "../bytes.ts";
import { clip } from "../clip.ts";
import { chunk, formatTags, list, wav } from "../containers/riff.ts";
import {
  complete,
  emptyAudio,
  file,
  type HostileFile,
  notAudio,
  partial,
  silent,
  unknowinglyPartial,
} from "../hostile-file.ts";
import { randomBytes } from "./nothing.ts";

/** Bytes before the samples of `clips/speech.wav`. */
const headerLength = 44;
const unknownLength = 0xffff_ffff;

/** Headers that ask for absurd work, or for none that makes sense. */
export const absurdWav: readonly HostileFile[] = [
  file("wav-0-hz.wav", "a sampling rate of 0", () => wav({ data: speech(), rate: 0 }), notAudio),
  file(
    "wav-1-hz.wav",
    "a sampling rate of 1 Hz: each sample would become 16,000",
    () => wav({ data: speech(), rate: 1 }),
    notAudio,
  ),
  file("wav-3999-hz.wav", "a sampling rate just below the lowest", () => wav({ data: speech(), rate: 3999 }), notAudio),
  file("wav-4-ghz.wav", "a sampling rate of 4.3 GHz", () => wav({ data: speech(), rate: 0xffff_ffff }), notAudio),
  file(
    "wav-0-channels.wav",
    "no channel",
    () => wav({ data: speech(), channels: 0, blockAlign: 2 }),
    emptyAudio,
    notAudio,
  ),
  file("wav-255-channels.wav", "255 channels", () => wav({ data: speech(), channels: 255 }), notAudio),
  file(
    "wav-65535-channels.wav",
    "65,535 channels",
    () => wav({ data: speech(), channels: 65_535, bits: 8 }),
    emptyAudio,
    notAudio,
  ),
  file("wav-0-bits.wav", "samples of no bits", () => wav({ data: speech(), bits: 0, blockAlign: 2 }), notAudio),
  file("wav-513-bits.wav", "samples of 513 bits", () => wav({ data: speech(), bits: 513, blockAlign: 65 }), notAudio),
  file("wav-block-0.wav", "blocks of 0 bytes", () => wav({ data: speech(), blockAlign: 0 }), complete),
  file(
    "wav-unknown-codec.wav",
    "a codec that nobody knows",
    () => wav({ data: speech(), formatTag: formatTags.unknown }),
    notAudio,
  ),
  file(
    "wav-codec-of-video.wav",
    "a format chunk that names no sound",
    () => wav({ data: speech(), formatTag: 0x4d42 }),
    notAudio,
  ),
  file("wav-without-format.wav", "no format chunk", () => list("RIFF", "WAVE", chunk("data", speech())), notAudio),
  file("wav-format-of-2-gib.wav", "a format chunk that is said to hold 2 GiB", formatOf2Gib, notAudio),
  file("wav-list-of-4-gib.wav", "a chunk before the format that is said to hold 4 GiB", listOf4Gib, notAudio),
  file("wav-header-cut.wav", "the first 20 bytes of a file", () => clip("speech.wav").subarray(0, 20), notAudio),
  file("wav-no-samples.wav", "a valid file of no samples", () => wav({ data: Buffer.alloc(0) }), emptyAudio),
];

/** Sizes that are not those of what follows. */
export const lyingWav: readonly HostileFile[] = [
  file(
    "wav-of-a-pipe.wav",
    "all sizes 0xffffffff, as programs write that do not know them",
    () => wav({ data: speech(), dataSize: unknownLength, riffSize: unknownLength }),
    complete,
  ),
  file("wav-sizes-0.wav", "all sizes 0", () => wav({ data: speech(), dataSize: 0, riffSize: 0 }), complete),
  file(
    "wav-twice-as-long.wav",
    "said to be twice as long as it is",
    () => wav({ data: speech(), dataSize: 2 * speech().length }),
    partial,
  ),
  // Programs that write to a pipe put such sizes too, and mean "until the end".
  file("wav-2-gib.wav", "said to hold 2 GiB", () => wav({ data: speech(), dataSize: 2 ** 31 }), partial, complete),
  file(
    "wav-riff-size-4.wav",
    "a file size of 4 in the first chunk",
    () => wav({ data: speech(), riffSize: 4 }),
    complete,
  ),
  file(
    "wav-with-tail.wav",
    "a healthy file with 64 KiB of random bytes behind it",
    () => concat(clip("speech.wav"), randomBytes(2 ** 16, 3)),
    complete,
  ),
  file("rf64-2-to-63.wav", "a 64-bit size of 2^63 − 1", rf64, partial, complete),
];

/** Samples that are no sound. */
export const absurdSamples: readonly HostileFile[] = [
  file("wav-nan.wav", "all samples NaN", () => floatWav(() => Number.NaN), silent),
  file(
    "wav-infinite.wav",
    "all samples infinite",
    () => floatWav((index) => (index % 2 === 0 ? Infinity : -Infinity)),
    silent,
  ),
  file("wav-1e30.wav", "all samples 1e30", () => floatWav(() => 1e30), silent),
  file("wav-denormal.wav", "all samples denormal, which is slow to compute with", () => floatWav(() => 1e-42), silent),
  file("wav-nan-in-speech.wav", "every tenth sample of a sentence NaN or infinite", nanInSpeech, {
    ...unknowinglyPartial,
  }),
  file("wav-zeros.wav", "ten seconds of silence", () => wav({ data: Buffer.alloc(160_000) }), silent),
  file("wav-noise.wav", "ten seconds of loud noise", () => wav({ data: randomBytes(160_000, 4) }), silent),
  file("wav-one-sample.wav", "one sample", () => wav({ data: u16le(1) }), emptyAudio),
  file("wav-half-a-sample.wav", "a byte less than one sample", () => wav({ data: Buffer.of(1) }), emptyAudio),
];

/** Samples of the sentence: 16 bits, 8 kHz, mono. */
function speech(): Buffer {
  return clip("speech.wav").subarray(headerLength);
}

function formatOf2Gib(): Buffer {
  const format = clip("speech.wav").subarray(20, 36);
  return list("RIFF", "WAVE", concat(chunk("fmt ", format, 2 ** 31), chunk("data", speech())));
}

function listOf4Gib(): Buffer {
  return wav({ data: speech(), before: chunk("LIST", ascii("INFO"), 0xffff_fff0) });
}

/** WAV with 64-bit sizes, which are in a chunk of their own. */
function rf64(): Buffer {
  const huge = 2n ** 63n - 1n;
  const sizes = chunk("ds64", concat(u64le(huge), u64le(huge), u64le(huge), u32le(0)));
  const riff = wav({ data: speech(), before: sizes, dataSize: unknownLength, riffSize: unknownLength });
  return concat(ascii("RF64"), riff.subarray(4));
}

/** Two seconds. */
function floatWav(sampleAt: (index: number) => number): Buffer {
  const samples = Float32Array.from({ length: 16_000 }, (_, index) => sampleAt(index));
  return wav({ data: new Uint8Array(samples.buffer), formatTag: formatTags.float, bits: 32 });
}

function nanInSpeech(): Buffer {
  const pcm = speech();
  const samples = Float32Array.from({ length: pcm.length / 2 }, (_, index) =>
    index % 10 === 0 ? ([Number.NaN, Infinity, -1e30][(index / 10) % 3] ?? 0) : pcm.readInt16LE(2 * index) / 32_768,
  );
  return wav({ data: new Uint8Array(samples.buffer), formatTag: formatTags.float, bits: 32 });
}
