/**
 * Writes every hostile file into a folder and prints the table of what the service must answer.
 *
 *     npx node tools/hostile-audio/make.ts FOLDER
 */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { formatTable } from "../../bench/table.ts";
import { corpus } from "./corpus.ts";
import { describe, type HostileFile } from "./hostile-file.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: npx node tools/hostile-audio/make.ts FOLDER");
  process.exit(2);
}

mkdirSync(folder, { recursive: true });
const rows = corpus.map((hostile) => {
  const bytes = write(join(folder, hostile.name), hostile);
  return [hostile.name, hostile.fault, hostile.expected.map(describe).join(" or "), String(bytes)];
});
console.log(formatTable({ title: `${rows.length} files`, columns: ["file", "fault", "answer", "bytes"], rows }));

/** Resolves with its length. */
function write(path: string, { content }: HostileFile): number {
  const output = openSync(path, "w");
  let bytes = 0;
  for (const piece of content()) {
    bytes += writeSync(output, piece);
  }
  closeSync(output);
  return bytes;
}
