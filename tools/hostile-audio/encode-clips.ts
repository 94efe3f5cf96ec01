/**
 * Encodes `clips/speech.wav` into every format that needs an encoder, with the `ffmpeg` of the system.
 *
 *     npx node tools/hostile-audio/encode-clips.ts
 *
 * The results are committed, so that nobody needs ffmpeg: run this only to add one. Debian's ffmpeg writes AMR with
 * `libavcodec-extra` only.
 */
import { execFileSync } from "node:child_process";
import { clipsFolder } from "./clip.ts";

/** FFmpeg's own name and arguments for each file, without those that all have in common. */
const encodings: Readonly<Record<string, string>> = {
  "mp3.mp3": "-c:a libmp3lame -ar 16000 -b:a 32k",
  "mp3-44100-stereo.mp3": "-c:a libmp3lame -ar 44100 -ac 2 -b:a 64k -t 1",
  "mp3-without-length.mp3": "-c:a libmp3lame -ar 16000 -b:a 32k -write_xing 0",
  "flac.flac": "-c:a flac",
  "vorbis.ogg": "-c:a libvorbis -ar 8000",
  "vorbis-48000-stereo.ogg": "-c:a libvorbis -ar 48000 -ac 2 -q:a 0 -t 1",
  "opus.ogg": "-c:a libopus -b:a 16k",
  "opus.webm": "-c:a libopus -b:a 16k",
  "opus.caf": "-c:a libopus -b:a 16k",
  "aac.m4a": "-c:a aac -ar 16000 -b:a 32k",
  "aac-moov-first.m4a": "-c:a aac -ar 16000 -b:a 32k -movflags +faststart",
  "aac-fragmented.mp4": "-c:a aac -ar 16000 -b:a 32k -movflags +frag_keyframe+empty_moov -frag_duration 500000",
  "aac.aac": "-c:a aac -ar 16000 -b:a 32k",
  "alac.m4a": "-c:a alac",
  "amr-nb.amr": "-c:a libopencore_amrnb -b:a 12.2k",
  "amr-nb.3gp": "-c:a libopencore_amrnb -b:a 12.2k",
  "amr-wb.amr": "-c:a libvo_amrwbenc -ar 16000 -b:a 12.65k",
  "adpcm-ima.wav": "-c:a adpcm_ima_wav",
  "adpcm-ms.wav": "-c:a adpcm_ms",
  "wma.asf": "-c:a wmav2 -ar 16000 -b:a 32k",
  "h264-aac.mp4": "-map 0:a -map 1:v -shortest -c:v libx264 -preset ultrafast -c:a aac -ar 16000 -b:a 32k",
  "h264-opus.mkv": "-map 0:a -map 1:v -shortest -c:v libx264 -preset ultrafast -c:a libopus -b:a 16k",
  "mpeg2-mp2.mpegts": "-f mpegts -map 0:a -map 1:v -shortest -c:v mpeg2video -c:a mp2 -ar 16000 -b:a 32k",
  "h264-only.mp4": "-map 1:v -t 1 -c:v libx264 -preset ultrafast",
  "three-tracks.mp4": "-map 0:a -map 0:a -map 0:a -c:a aac -ar 16000 -b:a 16k",
};

/** A picture of one colour, so that the sound is most of a video. */
const picture = "color=c=gray:s=32x32:r=5";
/** 8K: a decoder of it would take 130 MB for a frame. */
const largePicture = "color=c=gray:s=7680x4320:r=1:d=1";

for (const [name, encoding] of Object.entries(encodings)) {
  encode(name, picture, encoding);
}
encode("h264-8k.mp4", largePicture, "-map 0:a -map 1:v -c:v libx264 -preset ultrafast -c:a aac -ar 16000 -b:a 32k");

function encode(name: string, video: string, encoding: string): void {
  const inputs = ["-i", "speech.wav", "-f", "lavfi", "-i", video];
  const reproducible = "-map_metadata -1 -fflags +bitexact -flags:a +bitexact -flags:v +bitexact -threads 1";
  const output = [...(encoding.includes("-map") ? [] : ["-map", "0:a"]), ...encoding.split(" ")];
  const args = ["-nostdin", "-y", "-loglevel", "error", ...inputs, ...reproducible.split(" "), ...output, name];
  execFileSync("ffmpeg", args, { cwd: clipsFolder, stdio: "inherit" });
}
