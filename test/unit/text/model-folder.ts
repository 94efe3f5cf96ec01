import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The committed model, for its tokenizer. */
export const modelFolder = fileURLToPath(new URL("../../../models/camembert-toxicity-fr", import.meta.url));

export interface GoldenText {
  /** `reference`: ids as `transformers` gives them; `typed-special`: see `golden/make-token-ids.py`. */
  readonly kind: "reference" | "typed-special";
  readonly text: string;
  /** With the special tokens at both ends. */
  readonly ids: readonly number[];
}

/** The texts of `golden/token-ids.jsonl`, whose first line says how they were made. */
export function readGoldenTexts(): GoldenText[] {
  const lines = readFileSync(new URL("./golden/token-ids.jsonl", import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
  return lines.slice(1).map((line) => JSON.parse(line) as GoldenText);
}
