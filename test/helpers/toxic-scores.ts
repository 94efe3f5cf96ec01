/** Toxic scores of texts by a running service, `POST /v1/classify` in requests of 32 texts, in order. */
export async function toxicScores(url: string, texts: readonly string[]): Promise<number[]> {
  const scores: number[] = [];
  for (let start = 0; start < texts.length; start += textsPerRequest) {
    const response = await fetch(`${url}/v1/classify`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        inputs: { classificationInputs: texts.slice(start, start + textsPerRequest) },
        options: { timeoutMs: 120_000 },
      }),
    });
    const answer = (await response.json()) as Answer;
    if (!response.ok || answer.classificationScores === undefined) {
      throw new Error(`classify answered ${response.status}`);
    }
    scores.push(
      ...answer.classificationScores.map((row) => row.find(({ label }) => label === "toxic")?.score ?? Number.NaN),
    );
  }
  return scores;
}

interface Answer {
  readonly classificationScores?: readonly (readonly { readonly label: string; readonly score: number }[])[];
}

const textsPerRequest = 32;
