/** A result as people read it. The first column names the row; the others hold figures. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Aligned columns: the first to the left, the others to the right. */
export function formatTable({ title, columns, rows }: Table): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const formatRow = (cells: readonly string[]): string =>
    widths
      .map((width, index) => (index === 0 ? (cells[index] ?? "").padEnd(width) : (cells[index] ?? "").padStart(width)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [title, formatRow(columns), rule, ...rows.map(formatRow)].join("\n");
}

/** A figure with as many decimals as its size deserves: 1234, 56.7, 8.90, 0.123. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) {
    return "–";
  }
  const size = Math.abs(value);
  const decimals = size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 || size === 0 ? 2 : 3;
  return value.toFixed(decimals);
}

export function percent(share: number): string {
  if (!Number.isFinite(share)) {
    return "–";
  }
  return `${(share * 100).toFixed(share > 0.999 && share < 1 ? 3 : 1)} %`;
}
