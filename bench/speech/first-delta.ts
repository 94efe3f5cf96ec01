import { setTimeout as sleep } from "node:timers/promises";
import { upload } from "../load/upload.ts";
import { type Spread, spread } from "../statistics.ts";
import { figure, type Table } from "../table.ts";
import { type Clip, rate } from "./clips.ts";
import { wavHeader } from "./wav-header.ts";

/** How long after the first seconds of speech had arrived the first words left, in milliseconds. */
export interface FirstDelta extends Spread {
  readonly pace: string;
  readonly afterMs: readonly number[];
}

/** Speech that has arrived when the clock starts. */
const speechSeconds = 5;
const chunkSeconds = 0.1;

/**
 * Sends speech as a microphone would, 100 ms at a time, and at once; the connection stays open until the words are there.
 * @param speech Without silence before it, and longer than 10 s.
 */
export async function measureFirstDelta(port: number, speech: Clip, repeats: number): Promise<FirstDelta[]> {
  const paces = [
    { pace: "as it is spoken", chunkPauseMs: chunkSeconds * 1000 },
    { pace: "all at once", chunkPauseMs: 0 },
  ];
  const results: FirstDelta[] = [];
  for (const { pace, chunkPauseMs } of paces) {
    const afterMs: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      afterMs.push(await timeFirstDelta(port, speech, chunkPauseMs));
    }
    results.push({ pace, afterMs, ...spread(afterMs) });
  }
  return results;
}

export function firstDeltaTable(all: readonly FirstDelta[]): Table {
  return {
    title: `First delta of a stream after the first ${speechSeconds} s of speech had been sent`,
    columns: ["", "median ms", "min", "max"],
    rows: all.map(({ pace, median, min, max }) => [pace, figure(median), figure(min), figure(max)]),
  };
}

async function timeFirstDelta(port: number, speech: Clip, chunkPauseMs: number): Promise<number> {
  const words = Promise.withResolvers<void>();
  let sentAt = Number.NaN;
  let firstAt = Number.NaN;
  const answer = await upload({
    port,
    path: "/v1/transcribe?stream=true&language=fr",
    content: spoken(speech, chunkPauseMs, () => (sentAt = performance.now()), words.promise),
    onText: (text) => {
      if (Number.isNaN(firstAt) && text.includes("transcript.text.delta")) {
        firstAt = performance.now();
        words.resolve();
      }
    },
  });
  if (answer.status !== 200 || Number.isNaN(firstAt)) {
    throw new Error(`a stream without words, status ${answer.status}`);
  }
  return firstAt - sentAt;
}

/** Goes on after the first seconds, at the pace of speech, until the words are there or it ends. */
async function* spoken(
  { samples }: Clip,
  chunkPauseMs: number,
  onSpeechSent: () => void,
  words: Promise<void>,
): AsyncGenerator<Uint8Array> {
  const unknownLength = 2 ** 32 - 1;
  yield wavHeader(rate, 1, unknownLength);
  const chunk = chunkSeconds * rate;
  for (let at = 0; at < samples.length; at += chunk) {
    const isFirstSpeech = at < speechSeconds * rate;
    const pause = sleep(isFirstSpeech ? chunkPauseMs : chunkSeconds * 1000);
    const isHeard = await Promise.race([pause.then(() => false), words.then(() => true)]);
    if (isHeard) {
      return;
    }
    yield Buffer.from(samples.slice(at, at + chunk).buffer);
    if (isFirstSpeech && at + chunk >= speechSeconds * rate) {
      onSpeechSent();
    }
  }
}
