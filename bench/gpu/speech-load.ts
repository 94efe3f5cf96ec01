import { upload } from "../load/upload.ts";
import type { Clip } from "../speech/clips.ts";
import { wavBytes } from "../speech/wav-file.ts";

/** One clip that was transcribed. */
export interface ClipAnswer {
  readonly status: number;
  readonly ms: number;
}

export interface ClipLoad {
  readonly answers: readonly ClipAnswer[];
  /** Until the last of them was answered, which was begun in time but may have ended later. */
  readonly seconds: number;
}

/**
 * Single clips over and over, so many at a time, each a request of its own.
 * @param goesOn asked before each clip, with those answered so far.
 */
export async function transcribeClips(
  port: number,
  clips: readonly Clip[],
  parallel: number,
  goesOn: (answers: readonly ClipAnswer[]) => boolean,
): Promise<ClipLoad> {
  const startedAt = performance.now();
  const files = clips.map(({ samples }) => wavBytes(samples));
  const answers: ClipAnswer[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (goesOn(answers)) {
      const content = [files[next++ % files.length] ?? Buffer.alloc(0)];
      const path = "/v1/transcribe?language=fr";
      const { status, totalMs } = await upload({ port, path, content });
      answers.push({ status, ms: totalMs });
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return { answers, seconds: (performance.now() - startedAt) / 1000 };
}

/** What a service is started with that so many clips at a time are not to be refused: they all come from one address. */
export function roomForClips(parallel: number): Readonly<Record<string, string>> {
  return { SERVICE__AUDIO__MAX_CONCURRENT: String(2 * parallel) };
}

export function failedClips(answers: readonly ClipAnswer[]): string[] {
  const failed = answers.filter(({ status }) => status !== 200);
  const kinds = [...new Set(failed.map(({ status }) => status))].join(", ");
  return failed.length === 0 ? [] : [`${failed.length} of ${answers.length} clips were not answered (status ${kinds})`];
}
