import { ascii, concat } from "../bytes.ts";
import { clip } from "../clip.ts";
import { flacStreamInfo, metadataBlock, silentFlac } from "../containers/flac.ts";
import { emptyAudio, file, type HostileFile, notAudio, silent, tooLong } from "../hostile-file.ts";

const day = 24 * 60 * 60;
const largestCount = 2n ** 36n - 1n;

export const flacFiles: readonly HostileFile[] = [
  file("flac-24-hours.flac", "24 hours of silence in 150 KB", () => silentFlac(day), tooLong),
  file("flac-24-hours-of-a-pipe.flac", "the same without a length in its header", () => silentFlac(day, 0n), tooLong),
  file("flac-said-to-last-99-days.flac", "a minute, said to be 99 days", () => silentFlac(60, largestCount), tooLong),
  file("flac-said-to-be-one-sample.flac", "a minute, said to be one sample", () => silentFlac(60, 1n), silent),
  file(
    "flac-header-only.flac",
    "a header, and no frame",
    () => flacOf(metadataBlock(0, flacStreamInfo(1000n), true)),
    emptyAudio,
  ),
  file("flac-picture-of-16-mib.flac", "a picture that is said to be 16 MiB, and the end", pictureOf16Mib, notAudio),
  file("flac-10000-blocks.flac", "10,000 empty blocks before a sentence", tenThousandBlocks, {
    status: 200,
    partial: false,
    isSpoken: true,
  }),
];

function flacOf(...blocks: readonly Uint8Array[]): Buffer {
  return concat(ascii("fLaC"), ...blocks);
}

function pictureOf16Mib(): Buffer {
  const streamInfo = metadataBlock(0, flacStreamInfo(0n), false);
  return flacOf(streamInfo, metadataBlock(6, Buffer.alloc(64), true, 2 ** 24 - 1));
}

/** Padding between the stream information, which must come first, and the rest. */
function tenThousandBlocks(): Buffer {
  const flac = clip("flac.flac");
  const streamInfoEnd = 4 + 4 + 34;
  const padding = Array.from({ length: 10_000 }, () => metadataBlock(1, Buffer.alloc(0), false));
  return concat(flac.subarray(0, streamInfoEnd), ...padding, flac.subarray(streamInfoEnd));
}
