import { clip } from "../clip.ts";
import { complete, emptyAudio, file, type HostileFile } from "../hostile-file.ts";

export const videos: readonly HostileFile[] = [
  file("video-without-sound.mp4", "a film without sound", () => clip("h264-only.mp4"), emptyAudio),
  file("video-8k.mp4", "a film of 8K pictures, which nobody may decode", () => clip("h264-8k.mp4"), complete),
  file("video-three-tracks.mp4", "three tracks of sound", () => clip("three-tracks.mp4"), complete),
];
