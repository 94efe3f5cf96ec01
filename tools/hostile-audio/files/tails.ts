import { concat } from "../bytes.ts";
import { clip } from "../clip.ts";
import { complete, type ExpectedAnswer, file, type HostileFile, partial } from "../hostile-file.ts";
import { randomBytes } from "./nothing.ts";

/** A healthy file of each format with bytes behind it that belong to nothing, and what that comes to. */
const formats: readonly { readonly of: readonly string[]; readonly expected: readonly ExpectedAnswer[] }[] = [
  {
    of: [
      "adpcm-ima.wav",
      "vorbis.ogg",
      "opus.ogg",
      "aac.m4a",
      "aac-moov-first.m4a",
      "aac-fragmented.mp4",
      "amr-nb.3gp",
      "h264-aac.mp4",
    ],
    expected: [complete],
  },
  {
    // Frame after frame, so that the tail may be damaged sound as well.
    of: [
      "flac.flac",
      "mp3.mp3",
      "mp3-without-length.mp3",
      "aac.aac",
      "amr-nb.amr",
      "mpeg2-mp2.mpegts",
      "opus.webm",
      "h264-opus.mkv",
      "wma.asf",
    ],
    expected: [complete, partial],
  },
];

const tailBytes = 4096;

export const filesWithTails: readonly HostileFile[] = formats.flatMap(({ of, expected }) =>
  of.map((name) =>
    file(
      `tail-${name}`,
      "a healthy file with random bytes behind it",
      () => concat(clip(name), randomBytes(tailBytes, 6)),
      ...expected,
    ),
  ),
);
