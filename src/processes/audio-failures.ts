import { ServiceError } from "../errors.ts";
import { systemErrorCode } from "../system-error-code.ts";
import type { AudioFault } from "./audio-protocol.ts";

/** When a client may try again that was refused for want of disk space or processes: uploads take seconds. */
export const retryAfterMs = 2000;

/** What the client is told when its file cannot be transcribed. Fixed sentences: nothing of the file is in them. */
export function audioFailure(fault: AudioFault, maxSeconds: number): ServiceError {
  switch (fault) {
    case "not_audio":
      return new ServiceError("unsupported_media_type", "The upload is no audio or video file of a supported format.");
    case "codec_not_allowed":
      return new ServiceError(
        "unsupported_media_type",
        "The audio track of the upload has a codec that is not supported.",
      );
    case "absurd_parameters":
      return new ServiceError(
        "unsupported_media_type",
        "The audio track of the upload has a sampling rate or a number of channels that is not supported.",
      );
    case "no_audio_track":
      return new ServiceError("empty_audio", "The upload has no audio track.");
    case "no_samples":
      return new ServiceError("empty_audio", "The upload holds no sound: nothing of it could be decoded.");
    case "too_long":
      return new ServiceError("audio_too_long", `The audio is longer than ${maxSeconds} seconds.`);
    case "internal":
      return new ServiceError("internal_error", "The audio process failed.");
  }
}

/** What the system may be short of for a moment: file descriptors, processes, disk space. */
const shortages = ["EMFILE", "ENFILE", "EAGAIN", "ENOSPC"];

/** The failure of a start, for a client: `overloaded` when the system lacks something that others will give back. */
export function startFailure(error: unknown): unknown {
  const reason = systemErrorCode(error);
  return shortages.includes(reason)
    ? new ServiceError("overloaded", "The system is short of what an audio process needs.", {
        retryAfterMs,
        facts: { reason },
        cause: error,
      })
    : error;
}
