/**
 * What the decoders may open, by FFmpeg's names: common audio, and the sound of common video. Everything else is refused
 * while probing, first of all what only points elsewhere: playlists, `concat` scripts, session descriptions.
 */

/** Containers (demuxers). */
export const containers = [
  "wav",
  "w64",
  "aiff",
  "caf",
  "au",
  "mp3",
  "flac",
  "ogg",
  "matroska",
  "webm",
  "mov",
  "mp4",
  "m4a",
  "3gp",
  "3g2",
  "mj2",
  "aac",
  "amr",
  "amrnb",
  "amrwb",
  "asf",
  "mpegts",
  "avi",
] as const;

/** Decoders, for sound only: that of a video needs no other, and those for pictures are where the faults are. */
export const decoders = [
  "pcm_s16le",
  "pcm_s16be",
  "pcm_s24le",
  "pcm_s24be",
  "pcm_s32le",
  "pcm_s32be",
  "pcm_u8",
  "pcm_s8",
  "pcm_f32le",
  "pcm_f32be",
  "pcm_f64le",
  "pcm_alaw",
  "pcm_mulaw",
  "adpcm_ima_wav",
  "adpcm_ms",
  "adpcm_ima_qt",
  "mp3",
  "mp3float",
  "mp2",
  "mp2float",
  "flac",
  "vorbis",
  "opus",
  "libopus",
  "aac",
  "aac_latm",
  "alac",
  "amrnb",
  "amrwb",
  "libopencore_amrnb",
  "libopencore_amrwb",
  "ac3",
  "eac3",
  "wmav1",
  "wmav2",
  "speex",
  "libspeex",
  "gsm",
  "gsm_ms",
  "libfdk_aac",
] as const;

/** Codecs that those decode, by the names under which they are reported. */
export const codecs: readonly string[] = [
  ...decoders.filter((name) => !name.startsWith("lib") && !name.endsWith("float") && !name.startsWith("amr")),
  "amr_nb",
  "amr_wb",
];

/** What an MP4 file, or one of its relatives, may begin with, fragments aside. */
export const mp4StartBoxes: readonly string[] = [
  "ftyp",
  "moov",
  "mdat",
  "free",
  "skip",
  "wide",
  "uuid",
  "pnot",
  "styp",
  "sidx",
];

/** What such a file is made of. */
export const mp4Boxes: readonly string[] = [...mp4StartBoxes, "moof", "mfra", "meta", "emsg"];

/** Below, a second of sound is too few samples to be speech; one byte of such a file becomes thousands of samples. */
const lowestSamplingRate = 4000;
const highestSamplingRate = 768_000;
const mostChannels = 64;
/** Streams of one file, video and subtitles included. */
export const mostStreams = 64;

/** What may be missing without a word: encoder delay, rounding, a container that counts in whole frames. */
const toleranceMs = 500;
const toleranceShare = 0.001;

/** Whether a file that ends at `reachedMs` was cut off, given the length that it declares. */
export function endsEarly(reachedMs: number, declaredMs: number): boolean {
  return reachedMs + toleranceMs < declaredMs * (1 - toleranceShare);
}

/** Whether sound of this kind can be speech. */
export function isPlausible(samplingRate: number, channels: number): boolean {
  return (
    samplingRate >= lowestSamplingRate &&
    samplingRate <= highestSamplingRate &&
    channels >= 1 &&
    channels <= mostChannels
  );
}
