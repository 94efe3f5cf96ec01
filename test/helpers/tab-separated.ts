import { readFileSync } from "node:fs";

/** Rows of a tab-separated file with a header line, without quoting. */
export function readTabSeparated<Column extends string>(
  file: URL,
  columns: readonly Column[],
): Record<Column, string>[] {
  const [header = "", ...lines] = readFileSync(file, "utf8").split("\n");
  const names = header.split("\t");
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new Error(`${file.pathname} lacks the columns ${missing.join(", ")}`);
  }
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const cells = line.split("\t");
      return Object.fromEntries(columns.map((column) => [column, cells[names.indexOf(column)] ?? ""])) as Record<
        Column,
        string
      >;
    });
}
