import type { Readable } from "node:stream";
import type { AudioSession } from "./audio-uploads.ts";

/**
 * Passes a stream on to an audio session, one piece at a time and no faster than it takes them. Resolves when all of it
 * was taken; the session is not told that this was the end.
 * @throws the signal's reason when it aborts; what `broken` makes when the stream fails or closes before its end.
 */
export function passOn(
  source: Readable,
  session: Pick<AudioSession, "write">,
  signal: AbortSignal,
  broken: (cause: unknown) => Error,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    let hasEnded = false;
    let isTaking = false;
    const settle = (): void => {
      isSettled = true;
      source.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken);
      signal.removeEventListener("abort", onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      source.pause();
      reject(error);
    };
    const succeed = (): void => {
      settle();
      resolve();
    };
    const take = async (chunk: Buffer): Promise<void> => {
      source.pause();
      isTaking = true;
      await session.write(chunk);
      isTaking = false;
      if (isSettled) {
        return;
      }
      if (hasEnded) {
        succeed();
      } else {
        source.resume();
      }
    };
    const onData = (chunk: Buffer): void => {
      take(chunk).catch(fail);
    };
    const onEnd = (): void => {
      // A stream may end right after its last piece, although it is paused.
      hasEnded = true;
      if (!isTaking) {
        succeed();
      }
    };
    const onBroken = (cause?: unknown): void => {
      if (!hasEnded) {
        fail(broken(cause));
      }
    };
    const onAbort = (): void => fail(signal.reason);
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    if (source.destroyed) {
      // Its events are over: a parser may fail within the piece in which it found the stream.
      reject(broken(source.errored));
      return;
    }
    signal.addEventListener("abort", onAbort);
    source.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken);
  });
}
