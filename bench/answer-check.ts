import { type ClassifyAnswer, toxicScore } from "./classify-answer.ts";
import type { Contestant } from "./peers/contestant.ts";

/** Scores of the same int8 file may differ this much: batches of other texts, sizes and widths compute them. */
const scoreTolerance = 1e-2;
/** … and so much in log-odds: harmless texts score near 0, where the other tolerance would accept any small number. */
const logOddsTolerance = 0.25;

export interface AnswerCheck {
  /** Largest difference of a toxic score from the bare runtime's. */
  readonly worstDifference: ReadonlyMap<Contestant, number>;
  /** Why our answers are wrong, which makes the benchmark worthless; empty when they are right. */
  readonly failures: readonly string[];
}

/**
 * Compares scores with the first peer's, the bare runtime over the reference tokenizer's ids. Ours must agree on every
 * text, and count the same tokens, so that an answer to another text cannot pass. The peers' differences are shown.
 */
export async function checkAnswers(
  ours: Contestant & { answers(): Promise<readonly ClassifyAnswer[]> },
  peers: readonly Contestant[],
  encodings: readonly (readonly number[])[],
): Promise<AnswerCheck> {
  const worstDifference = new Map<Contestant, number>();
  const reference = (await peers[0]?.scores()) ?? [];
  for (const peer of peers) {
    worstDifference.set(peer, largestDifference(await peer.scores(), reference));
  }
  const answers = await ours.answers();
  const worst = largestDifference(answers.map(toxicScore), reference);
  worstDifference.set(ours, worst);
  const worstLogOdds = largestDifference(answers.map(toxicScore).map(logOdds), reference.map(logOdds));
  // The reference ids hold the two special tokens, which our answers do not count.
  const miscounted = answers.filter(({ results }, text) => results?.[0]?.tokens !== (encodings[text]?.length ?? 0) - 2);
  const failures: string[] = [];
  if (answers.length !== encodings.length) {
    failures.push(`${answers.length} of ${encodings.length} texts were answered`);
  }
  if (!(worst <= scoreTolerance)) {
    failures.push(`our scores differ by up to ${worst} from the bare runtime's; ${scoreTolerance} is tolerated`);
  }
  if (!(worstLogOdds <= logOddsTolerance)) {
    failures.push(
      `our log-odds differ by up to ${worstLogOdds} from the bare runtime's; ${logOddsTolerance} is tolerated`,
    );
  }
  if (miscounted.length > 0) {
    failures.push(`${miscounted.length} of our ${answers.length} token counts differ from the reference tokenizer's`);
  }
  return { worstDifference, failures };
}

/** NaN when a score is missing, which no tolerance accepts. */
function largestDifference(scores: readonly number[], reference: readonly number[]): number {
  return Math.max(...scores.map((score, text) => Math.abs(score - (reference[text] ?? Number.NaN))));
}

/** Cut off where double precision has little left to say of a score near 1. */
function logOdds(score: number): number {
  return Math.max(-15, Math.min(15, Math.log(score / (1 - score))));
}
