import { deflateSync } from "node:zlib";
import { concat, replaced } from "../bytes.ts";
import { clip } from "../clip.ts";
import { element, type MatroskaTrack, matroska, unknownSize } from "../containers/matroska.ts";
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

const pcmTrack: MatroskaTrack = { codec: "A_PCM/INT/LIT", rate: 8000, channels: 1, bits: 16, isCompressed: false };
const segmentId = Buffer.of(0x18, 0x53, 0x80, 0x67);
const noLength = Buffer.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

export const matroskaFiles: readonly HostileFile[] = [
  file("mkv-compressed.mkv", "sound whose frames are compressed with zlib", () => compressedFrames(16_000), complete),
  file(
    "mkv-compressed-bomb.mkv",
    "a frame of 200 KB that unpacks to 200 MB",
    () => compressedZeros(200_000_000),
    notAudio,
    emptyAudio,
    partial,
    silent,
    unknowinglyPartial,
  ),
  file("mkv-1-hz.mkv", "a sampling rate of 1 Hz", () => matroska({ ...pcmTrack, rate: 1 }, [pcm()]), notAudio),
  file(
    "mkv-nan-hz.mkv",
    "a sampling rate that is not a number",
    () => matroska({ ...pcmTrack, rate: Number.NaN }, [pcm()]),
    notAudio,
    emptyAudio,
    unknowinglyPartial,
  ),
  file(
    "mkv-65535-channels.mkv",
    "65,535 channels",
    () => matroska({ ...pcmTrack, channels: 65_535 }, [pcm()]),
    emptyAudio,
    notAudio,
  ),
  file("mkv-no-frames.mkv", "a track without a frame", () => matroska(pcmTrack, []), emptyAudio, notAudio),
  file("mkv-tags-in-tags.mkv", "100,000 tags, each in the one before", tagsInTags, emptyAudio),
  file(
    "mkv-huge-element.mkv",
    "a first element that is said to be 2^55 bytes",
    () => element(0x1a45dfa3, Buffer.alloc(4096), 2n ** 55n),
    notAudio,
  ),
  file("webm-without-length.webm", "no length of the whole, as a browser records", segmentWithoutLength, complete),
];

/** Samples of the sentence. */
function pcm(): Buffer {
  return clip("speech.wav").subarray(44);
}

function compressedFrames(bytesPerFrame: number): Buffer {
  const samples = pcm();
  const frames: Buffer[] = [];
  for (let at = 0; at < samples.length; at += bytesPerFrame) {
    frames.push(deflateSync(samples.subarray(at, at + bytesPerFrame)));
  }
  return matroska({ ...pcmTrack, isCompressed: true }, frames);
}

function compressedZeros(bytes: number): Buffer {
  return matroska({ ...pcmTrack, isCompressed: true }, [deflateSync(Buffer.alloc(bytes))]);
}

function tagsInTags(): Buffer {
  const simpleTag = Buffer.of(0x67, 0xc8, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
  const head = matroska(pcmTrack, []);
  return concat(head, element(0x1254c367, concat(...Array.from({ length: 100_000 }, () => simpleTag)), unknownSize));
}

function segmentWithoutLength(): Buffer {
  const webm = clip("opus.webm");
  return replaced(webm, webm.indexOf(segmentId) + segmentId.length, noLength);
}
