import { existsSync } from "node:fs";
import { join } from "node:path";

/** The program of the second backend, which comes with the system. */
export const ffmpegPath = "/usr/bin/ffmpeg";

/** What the first backend consists of: the library, and FFmpeg for this system. */
export const nodeAvPackages: readonly string[] = ["node-av", `@seydx/node-av-${process.platform}-${process.arch}`];

/** Why a decoder cannot be used, for the operator; null when it is installed. */
export function missingDecoder(decoder: "node-av" | "ffmpeg", root: string): string | null {
  if (decoder === "ffmpeg") {
    return existsSync(ffmpegPath)
      ? null
      : `audio.decoder is ffmpeg, but there is no ${ffmpegPath}: audio is unavailable`;
  }
  const missing = nodeAvPackages.filter((name) => !existsSync(join(root, "node_modules", name)));
  return missing.length === 0
    ? null
    : `audio.decoder is node-av, which is not installed (optional dependencies: ${missing.join(", ")}): audio is ` +
        "unavailable. Install it, or set audio.decoder to ffmpeg";
}
