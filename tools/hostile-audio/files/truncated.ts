import { truncated } from "../bytes.ts";
import { clip } from "../clip.ts";
import { type ExpectedAnswer, file, type HostileFile, notAudio, partial, unknowinglyPartial } from "../hostile-file.ts";

/** The first part of a file of each format, and what that comes to. */
const beginnings: readonly { readonly of: readonly string[]; readonly expected: readonly ExpectedAnswer[] }[] = [
  {
    of: [
      "speech.wav",
      "adpcm-ima.wav",
      "adpcm-ms.wav",
      "flac.flac",
      "mp3.mp3",
      "vorbis.ogg",
      "opus.ogg",
      "opus.webm",
      "h264-opus.mkv",
      "aac-moov-first.m4a",
      "aac-fragmented.mp4",
      "wma.asf",
    ],
    expected: [partial],
  },
  {
    // The index is in the part that is missing.
    of: ["aac.m4a", "alac.m4a", "amr-nb.3gp", "h264-aac.mp4"],
    expected: [notAudio],
  },
  {
    // Frames without a word on how many there are: only one that is cut in two gives it away.
    of: ["mp3-without-length.mp3", "aac.aac", "amr-nb.amr", "amr-wb.amr", "mpeg2-mp2.mpegts"],
    expected: [partial, unknowinglyPartial],
  },
];

/** An Ogg page holds a second of sound: of less than this nothing would be left. */
const share = 0.6;
const oggShare = 0.8;

export const truncatedFiles: readonly HostileFile[] = beginnings.flatMap(({ of, expected }) =>
  of.map((name) =>
    file(
      `cut-${name}`,
      "the end is missing",
      () => truncated(clip(name), name.endsWith(".ogg") ? oggShare : share),
      ...expected,
    ),
  ),
);
