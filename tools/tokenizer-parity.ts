/**
 * Compares our token ids with those of `transformers`, line by line.
 *
 *     npx node tools/tokenizer-parity.ts FILE.jsonl.gz [MODEL_FOLDER]
 *
 * Each line of the file is `{"text": …, "ids": […]}`, special tokens included and nothing truncated. Prints how many lines
 * are equal and the first ones that are not; exits with 1 when any is not.
 */
import { createReadStream } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { z } from "zod";
import { Tokenizer } from "../src/text/tokenizer.ts";
import { maxChunkTokens } from "../src/text/windows.ts";

const lineSchema = z.object({ text: z.string(), ids: z.array(z.int()) });
const shownDifferences = 10;

const [file, folder = "models/camembert-toxicity-fr"] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: npx node tools/tokenizer-parity.ts FILE.jsonl.gz [MODEL_FOLDER]");
  process.exit(2);
}

const tokenizer = Tokenizer.load(folder, { maxChunkTokens: maxChunkTokens({ windowTokens: 128 }) });
let lines = 0;
let equal = 0;
for await (const line of createInterface({ input: createReadStream(file).pipe(createGunzip()) })) {
  const { text, ids: expected } = lineSchema.parse(JSON.parse(line));
  const ids = [tokenizer.startId, ...tokenizer.encode(text).flatMap((chunk) => chunk.ids), tokenizer.endId];
  lines++;
  if (ids.join() === expected.join()) {
    equal++;
  } else if (lines - equal <= shownDifferences) {
    const first = expected.findIndex((id, index) => id !== ids[index]);
    const from = Math.max(0, first < 0 ? expected.length - 3 : first - 3);
    console.log(`line ${lines}: ${JSON.stringify(text)}`);
    console.log(`  from token ${from}: expected ${expected.slice(from, from + 12).join(" ")}`);
    console.log(`  from token ${from}:      got ${ids.slice(from, from + 12).join(" ")}`);
  }
}
console.log(`${equal} of ${lines} lines have the same ids (${((100 * equal) / lines).toFixed(3)} %)`);
process.exitCode = equal === lines && lines > 0 ? 0 : 1;
