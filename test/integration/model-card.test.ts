import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startService } from "../helpers/running-service.ts";
import { readTabSeparated } from "../helpers/tab-separated.ts";
import { toxicScores } from "../helpers/toxic-scores.ts";

// The headline figures of the model card are those of the committed model on the committed texts, through the service.

const card = readFileSync(new URL("../../models/camembert-toxicity-fr/MODEL_CARD.md", import.meta.url), "utf8");
const texts = ["toxicity-evaluation.tsv", "toxicity-evaluation-sharealike.tsv"].flatMap((name) =>
  readTabSeparated(new URL(`../golden/${name}`, import.meta.url), ["label", "set", "text"]),
);

/** Processors round floats differently, and a few texts are longer than the window on which the card's figures rest. */
const aucTolerance = 0.01;
const shareTolerance = 0.01;

interface Headline {
  readonly set: string;
  readonly texts: number;
  readonly auc: number | null;
  readonly flagged: number;
}

let service: Awaited<ReturnType<typeof startService>>;
const scoresBySet = new Map<string, { readonly score: number; readonly isToxic: boolean }[]>();
beforeAll(async () => {
  service = await startService();
  const scores = await toxicScores(
    service.url,
    texts.map(({ text }) => text),
  );
  for (const [index, { set, label }] of texts.entries()) {
    const rows = scoresBySet.get(set) ?? [];
    rows.push({ score: scores[index]!, isToxic: label === "toxic" });
    scoresBySet.set(set, rows);
  }
}, 900_000);
afterAll(async () => {
  await service.close("end of test");
});

test("the card names every evaluation set with its size", () => {
  const counted = Array.from(scoresBySet, ([set, rows]) => [set, rows.length]);
  expect(new Map(headlines().map((headline) => [headline.set, headline.texts]))).toEqual(
    new Map(counted as [string, number][]),
  );
});

test("the card's areas under the curve and shares flagged are reproduced", () => {
  for (const { set, auc, flagged } of headlines()) {
    const rows = scoresBySet.get(set) ?? [];
    expect(Math.abs(rows.filter(({ score }) => score >= 0.5).length / rows.length - flagged)).toBeLessThan(
      shareTolerance,
    );
    if (auc !== null) {
      expect(Math.abs(areaUnderCurve(rows) - auc)).toBeLessThan(aucTolerance);
    }
  }
});

/** The rows of the table below "Headline figures". */
function headlines(): Headline[] {
  const section = card.slice(card.indexOf("## Headline figures")).split("\n## ")[0] ?? "";
  return Array.from(
    section.matchAll(/^\| ([\w -]+) \| (\d+) \| ([\d.]*) \| ([\d.]+) % \|$/gm),
    ([, set, count, auc, share]) => ({
      set: set ?? "",
      texts: Number(count),
      auc: auc === "" ? null : Number(auc),
      flagged: Number(share) / 100,
    }),
  );
}

/** The share of pairs of a toxic and a harmless text in which the toxic one scores higher; ties count half. */
function areaUnderCurve(rows: readonly { readonly score: number; readonly isToxic: boolean }[]): number {
  const toxic = rows.filter(({ isToxic }) => isToxic);
  const harmless = rows.filter(({ isToxic }) => !isToxic);
  let won = 0;
  for (const { score } of toxic) {
    for (const other of harmless) {
      won += score > other.score ? 1 : score === other.score ? 0.5 : 0;
    }
  }
  return won / (toxic.length * harmless.length);
}
