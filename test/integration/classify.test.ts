import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startService } from "../helpers/running-service.ts";

interface Answer {
  readonly model: { readonly name: string; readonly version: string; readonly digest: string };
  readonly classificationScores: readonly (readonly { readonly label: string; readonly score: number }[])[];
  readonly results: readonly {
    readonly label: string;
    readonly flagged: boolean;
    readonly tokens: number;
    readonly windows: number;
    readonly spans: readonly { readonly start: number; readonly end: number }[];
  }[];
  readonly timings: Record<string, number>;
}

const golden = JSON.parse(readFileSync(resolve(import.meta.dirname, "../golden/classify-logits.json"), "utf8")) as {
  readonly texts: readonly {
    readonly text: string;
    readonly logits: readonly number[] | null;
    readonly readLogits?: readonly number[] | null;
  }[];
};

let service: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  expect(await service.close("end of test")).toBe(true);
});

async function classify(texts: readonly string[], options: Record<string, unknown> = {}): Promise<Answer> {
  const response = await fetch(`${service.url}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: { classificationInputs: texts }, options }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

const toxic = (scores: Answer["classificationScores"][number] | undefined): number =>
  scores?.find(({ label }) => label === "toxic")?.score ?? Number.NaN;

test("an insult is flagged and a harmless sentence is not", async () => {
  const { results, classificationScores, model, timings } = await classify([
    "Tu es vraiment un abruti fini, ferme ta gueule.",
    "Quel temps magnifique ce matin !",
  ]);
  expect(results.map(({ label, flagged }) => ({ label, flagged }))).toEqual([
    { label: "toxic", flagged: true },
    { label: "non_toxic", flagged: false },
  ]);
  expect(classificationScores.map((scores) => scores.map(({ label }) => label))).toEqual([
    ["non_toxic", "toxic"],
    ["non_toxic", "toxic"],
  ]);
  expect(model.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(Object.keys(timings).toSorted()).toEqual(["inferenceMs", "preprocessMs", "queueMs", "totalMs"]);
});

test("scores are those of the reference runtime on the golden texts, one by one and in batches", async () => {
  const texts = golden.texts.filter(({ text, logits }) => logits !== null && text.trim() !== "");
  const expected = texts.map(({ logits, readLogits }) => {
    const [nonToxic = 0, toxicLogit = 0] = readLogits ?? logits ?? [];
    return 1 / (1 + Math.exp(nonToxic - toxicLogit));
  });
  const together: number[] = [];
  for (let start = 0; start < texts.length; start += 32) {
    const answer = await classify(texts.slice(start, start + 32).map(({ text }) => text));
    together.push(...answer.classificationScores.map(toxic));
  }
  const single: number[] = [];
  for (const { text } of texts) {
    single.push(toxic((await classify([text])).classificationScores[0]));
  }
  // 1e-2 is the int8 tolerance of the contract.
  expect(Math.max(...together.map((score, index) => Math.abs(score - (expected[index] ?? 0))))).toBeLessThan(1e-2);
  expect(Math.max(...single.map((score, index) => Math.abs(score - (together[index] ?? 0))))).toBeLessThan(1e-2);
});

test("an insult at the very end of a long text is found, and its span says where", async () => {
  const filler = "Le train de huit heures est en retard à cause de la neige, alors nous attendons. ".repeat(60);
  const insult = "Tu es vraiment un abruti fini, ferme ta gueule, sale connard.";
  const { results } = await classify([filler + insult, filler]);
  expect(results[0]?.flagged).toBe(true);
  expect(results[0]?.windows).toBeGreaterThan(5);
  expect(results[0]?.spans.at(-1)?.end).toBe(filler.length + insult.length);
  expect(results[0]?.spans.every(({ start }) => start > filler.length / 2)).toBe(true);
  expect(results[1]?.flagged).toBe(false);
});

test("the threshold of the request decides what is flagged, never the scores", async () => {
  const text = "Tu es vraiment un abruti fini, ferme ta gueule.";
  const strict = await classify([text], { threshold: 1 });
  const lenient = await classify(["Quel temps magnifique ce matin !"], { threshold: 0 });
  expect(strict.results[0]?.flagged).toBe(false);
  expect(strict.results[0]?.label).toBe("toxic");
  expect(lenient.results[0]?.flagged).toBe(true);
  expect(lenient.results[0]?.spans.length).toBe(1);
});

test("hostile texts are answered: Han, NUL, ligatures of 18 letters, one endless word, accents", async () => {
  const texts = [
    "漢".repeat(10_000),
    `${"\0".repeat(9_999)}a`,
    "x".repeat(10_000),
    "ﷺ".repeat(100),
    "㏂".repeat(1_000),
    "é".repeat(1_000),
  ];
  const { results } = await classify(texts, { timeoutMs: 120_000 });
  expect(results.length).toBe(texts.length);
});

test("texts within the limit of characters but beyond that of tokens are refused, and cost no inference", async () => {
  const response = await fetch(`${service.url}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: { classificationInputs: Array.from({ length: 32 }, () => "㏂".repeat(10_000)) } }),
  });
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ error: { code: "payload_too_large" } });
});

test("probes, models and metrics tell the truth about a ready service", async () => {
  for (const path of ["/livez", "/readyz", "/startupz"]) {
    expect((await fetch(`${service.url}${path}`)).status).toBe(200);
  }
  const models = (await (await fetch(`${service.url}/v1/models`)).json()) as { data: { id: string; state: string }[] };
  expect(models.data.map(({ id, state }) => ({ id, state }))).toEqual([
    { id: "camembert-toxicity-fr", state: "ready" },
  ]);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(/^inference_requests_total\{[^}]*status="success"[^}]*\} [1-9]/m);
});
