import { inParallel } from "../../bench/peers/in-parallel.ts";
import { randomNumbers } from "../../test/helpers/random-numbers.ts";
import { type Answer, askService, describeAnswer } from "./answer.ts";
import { clip, clipNames } from "./clip.ts";
import { mutate } from "./mutation.ts";

export interface MutationOptions {
  readonly port: number;
  /** The first one, from 0 on: `--first 17 --count 1` repeats number 17 of a run with the same seed. */
  readonly first: number;
  readonly count: number;
  readonly seed: number;
  readonly parallel: number;
  readonly onAnswer?: () => void;
}

/** One damaged file and what became of it. */
export interface MutationResult {
  readonly number: number;
  readonly clip: string;
  readonly changes: readonly string[];
  /** `415 unsupported_media_type`, `200 whole, text`, or that there was no answer. */
  readonly outcome: string;
  readonly isFailure: boolean;
  readonly ms: number;
}

/** Sends damaged copies of the clips, each in its turn, and tells what the service made of them. */
export function runMutations(options: MutationOptions): Promise<MutationResult[]> {
  const { first, count, parallel, onAnswer } = options;
  const numbers = Array.from({ length: count }, (_, index) => first + index);
  return inParallel(numbers, parallel, async (number) => {
    const result = await runMutation(number, options);
    onAnswer?.();
    return result;
  });
}

async function runMutation(number: number, { port, seed }: MutationOptions): Promise<MutationResult> {
  const names = clipNames().filter((name) => name !== tooLarge);
  const name = names[number % names.length] ?? "";
  const { changes, bytes } = mutate(clip(name), randomNumbers(seed * seedFactor + number));
  const startedAt = performance.now();
  const { outcome, isFailure } = await outcomeOf(port, bytes);
  return { number, clip: name, changes, outcome, isFailure, ms: performance.now() - startedAt };
}

/** A picture of 100 KB, which most changes would hit instead of the sound. */
const tooLarge = "h264-8k.mp4";
/** Seeds that follow each other have nothing in common. */
const seedFactor = 1_000_003;

async function outcomeOf(port: number, bytes: Buffer): Promise<Pick<MutationResult, "outcome" | "isFailure">> {
  try {
    const answer: Answer = await askService(port, [bytes]);
    return { outcome: describeAnswer(answer), isFailure: answer.status >= 500 };
  } catch (error) {
    return { outcome: `no answer: ${error instanceof Error ? error.message : String(error)}`, isFailure: true };
  }
}
