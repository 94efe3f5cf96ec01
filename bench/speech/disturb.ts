import { setTimeout as sleep } from "node:timers/promises";
import { upload } from "../load/upload.ts";
import { commandLine, cpuSeconds, descendantsOf } from "../process-facts.ts";
import type { Clip } from "./clips.ts";
import { longSpeech } from "./long-speech.ts";

/** What is killed: the process of that kind that used the most CPU time so far. */
export const targets = ["audio", "inference"] as const;
export type Target = (typeof targets)[number];

export interface Disturbance {
  readonly port: number;
  /** Of the API process. */
  readonly pid: number;
  /** Killed as soon as there are words; null: nothing is. */
  readonly target: Target | null;
  readonly clips: readonly Clip[];
  /** Length of the file. */
  readonly seconds: number;
}

/** Seconds, and what was said. */
export interface HeardSegment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Streams a long file, kills one process in the middle of it, and tells what was heard.
 * @throws Error when the stream does not end as it should.
 */
export async function disturb({
  port,
  pid,
  target,
  clips,
  seconds,
}: Disturbance): Promise<{ readonly segments: readonly HeardSegment[]; readonly kills: number }> {
  const segments: HeardSegment[] = [];
  let kills = 0;
  const words = Promise.withResolvers<void>();
  let rest = "";
  const onText = (text: string): void => {
    const events = `${rest}${text}`.split("\n\n");
    rest = events.pop() ?? "";
    segments.push(...events.flatMap(segmentOf));
    if (segments.length > 0) {
      words.resolve();
    }
    if (target !== null && kills === 0 && segments.length > 0) {
      kills += kill(pid, target);
    }
  };
  const path = "/v1/transcribe?stream=true&language=fr";
  const { status, body } = await upload({ port, path, content: paced(clips, seconds, words.promise), onText });
  if (status !== 200 || !body.endsWith("data: [DONE]\n\n")) {
    throw new Error(
      `the stream with ${target ?? "nothing"} killed did not end well, status ${status}: ${body.slice(-200)}`,
    );
  }
  return { segments, kills };
}

/** Pieces hold 10 s: 100 times the speed of speech. */
const pieceMs = 100;
/** Only so that a service without words ends too. */
const patienceMs = 60_000;

/** Complete only when the first words are there: then the first window of every run is one of a live upload. */
async function* paced(clips: readonly Clip[], seconds: number, words: Promise<void>): AsyncGenerator<Uint8Array> {
  let last: Uint8Array = Buffer.alloc(0);
  for (const piece of longSpeech(clips, seconds)) {
    yield last;
    await sleep(pieceMs);
    last = piece;
  }
  await Promise.race([words, sleep(patienceMs, undefined, { ref: false })]);
  yield last;
}

function kill(service: number, target: Target): number {
  const pids = descendantsOf(service).filter((pid) => isProgram(pid, target));
  const busiest = pids.toSorted((a, b) => cpuSeconds(b) - cpuSeconds(a))[0];
  if (busiest === undefined) {
    return 0;
  }
  process.kill(busiest, "SIGKILL");
  return 1;
}

/** The program itself, not what wraps it in a sandbox. */
function isProgram(pid: number, target: Target): boolean {
  const words = commandLine(pid).split(" ");
  return (words[0] ?? "").endsWith("node") && words.some((word) => word.endsWith(`${target}/main.ts`));
}

function segmentOf(event: string): HeardSegment[] {
  const data = event.split("\n").find((line) => line.startsWith("data: {"));
  if (data === undefined || !data.includes("transcript.text.delta")) {
    return [];
  }
  const { start, end, delta } = JSON.parse(data.slice("data: ".length)) as {
    readonly start: number;
    readonly end: number;
    readonly delta: string;
  };
  return [{ start, end, text: delta.trim() }];
}
