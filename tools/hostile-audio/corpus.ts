import { flacFiles } from "./files/flac.ts";
import { matroskaFiles } from "./files/matroska.ts";
import { mp4Files } from "./files/mp4.ts";
import { mpegFiles } from "./files/mpeg.ts";
import { otherKinds, pointers } from "./files/not-audio.ts";
import { nothing } from "./files/nothing.ts";
import { oggFiles } from "./files/ogg.ts";
import { filesWithTails } from "./files/tails.ts";
import { truncatedFiles } from "./files/truncated.ts";
import { videos } from "./files/video.ts";
import { absurdSamples, absurdWav, lyingWav } from "./files/wav.ts";
import type { HostileFile } from "./hostile-file.ts";

/** Every hostile file, with the answers that are right. */
export const corpus: readonly HostileFile[] = [
  ...nothing,
  ...pointers,
  ...otherKinds,
  ...absurdWav,
  ...lyingWav,
  ...absurdSamples,
  ...flacFiles,
  ...oggFiles,
  ...mpegFiles,
  ...mp4Files,
  ...matroskaFiles,
  ...videos,
  ...truncatedFiles,
  ...filesWithTails,
];
