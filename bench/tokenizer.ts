import { prepareText } from "../src/text/prepare-text.ts";
import { Tokenizer } from "../src/text/tokenizer.ts";
import { maxChunkTokens } from "../src/text/windows.ts";
import type { Benchmark, Findings } from "./benchmark.ts";
import { loadReferenceTokenizer } from "./peers/encode-texts.ts";
import { modelFolder, readTexts } from "./project.ts";
import { spread } from "./statistics.ts";
import { figure } from "./table.ts";

/** What the service uses. */
export const limits = { windowTokens: 128, overlapTokens: 32, foldsText: false };

/** Our tokenizer against the reference implementation, on one core. */
export const tokenizer: Benchmark = {
  summary: "µs per text of our tokenizer and of transformers.js's",
  options: [{ name: "rounds", byDefault: 7, help: "rounds in which both take turns; the first warms up" }],

  async run(options): Promise<Findings> {
    const texts = readTexts();
    const own = Tokenizer.load(modelFolder, { maxChunkTokens: maxChunkTokens(limits) });
    const reference = await loadReferenceTokenizer();
    const encodeOwn = (text: string): ArrayLike<number> => prepareText(text, own, limits).windows[0]?.inputIds ?? [];
    const encodeReference = (text: string): ArrayLike<number> => reference.encode(text);

    const different = texts.filter((text) => !isEqual(encodeOwn(text), encodeReference(text))).length;
    const ownMicroseconds: number[] = [];
    const referenceMicroseconds: number[] = [];
    for (let round = 0; round <= options.number("rounds"); round++) {
      ownMicroseconds.push(microsecondsPerText(texts, encodeOwn));
      referenceMicroseconds.push(microsecondsPerText(texts, encodeReference));
    }
    const ours = spread(ownMicroseconds.slice(1));
    const theirs = spread(referenceMicroseconds.slice(1));
    const ratio = spread(referenceMicroseconds.slice(1).map((each, round) => each / (ownMicroseconds[round + 1] ?? 0)));
    const cells = ({ median, min, max }: typeof ours): string[] => [median, min, max].map(figure);
    return {
      tables: [
        {
          title: "Tokenizer, µs per text",
          columns: ["", "median", "min", "max"],
          rows: [
            ["src/text", ...cells(ours)],
            ["@huggingface/transformers", ...cells(theirs)],
            ["theirs ÷ ours", ...cells(ratio)],
          ],
        },
      ],
      notes: [],
      failures: different === 0 ? [] : [`${different} of ${texts.length} texts gave other token ids`],
      values: { microsecondsPerText: { ours, theirs }, ratio, different },
    };
  },
};

/** Of one pass through the texts, on one core. */
export function microsecondsPerText(texts: readonly string[], encode: (text: string) => ArrayLike<number>): number {
  const startedAt = performance.now();
  let tokens = 0;
  for (const text of texts) {
    tokens += encode(text).length;
  }
  // Read, so that no work can be optimised away.
  if (tokens === 0) {
    throw new Error("no text gave a token");
  }
  return ((performance.now() - startedAt) / texts.length) * 1000;
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, index) => value === b[index]);
}
