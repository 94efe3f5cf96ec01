/** The part of a classify answer that the benchmarks check; peers give the scores only. */
export interface ClassifyAnswer {
  readonly classificationScores: readonly (readonly { readonly label: string; readonly score: number }[])[];
  readonly results?: readonly { readonly tokens: number }[];
}

export function readAnswers(bodies: readonly string[]): ClassifyAnswer[] {
  return bodies.map((body) => JSON.parse(body) as ClassifyAnswer);
}

/** Of the first text; NaN when the answer has none. */
export function toxicScore({ classificationScores }: ClassifyAnswer): number {
  return classificationScores[0]?.find(({ label }) => label === "toxic")?.score ?? Number.NaN;
}
