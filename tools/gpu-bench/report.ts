import { formatTable, type Table } from "../../bench/table.ts";

/** A benchmark's JSON document, as far as it is shown. */
export interface Document {
  readonly benchmark: string;
  readonly startedAt: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, string | number | null>>;
  readonly tables: readonly Table[];
  readonly notes: readonly string[];
  readonly failures: readonly string[];
}

/** A step that gave a document, or why it did not. */
export type Outcome =
  | { readonly name: string; readonly document: Document }
  | { readonly name: string; readonly missing: string };

/** Everything for people, in Markdown. What was not measured is named first. */
export function report(outcomes: readonly Outcome[]): string {
  const missing = outcomes.flatMap((each) => ("missing" in each ? [`- \`${each.name}\`: ${each.missing}`] : []));
  const documents = outcomes.flatMap((each) => ("document" in each ? [each] : []));
  const machine = Object.entries(documents[0]?.document.machine ?? {}).map(
    ([key, value]) => `- ${key}: ${String(value)}`,
  );
  return [
    "# Figures of a GPU",
    ...(missing.length === 0 ? [] : ["Not measured:", missing.join("\n")]),
    ...(machine.length === 0 ? [] : [machine.join("\n")]),
    ...documents.flatMap(({ name, document }) => section(name, document)),
    "",
  ].join("\n\n");
}

function section(name: string, { benchmark, startedAt, options, tables, notes, failures }: Document): string[] {
  const given = Object.entries(options).flatMap(([key, value]) => (value === null ? [] : [`--${key} ${value}`]));
  return [
    `## ${name}`,
    ...failures.map((failure) => `**INVALID: ${failure}**`),
    `\`npm run bench -- ${benchmark} ${given.join(" ")}\`, ${startedAt}`,
    ...tables.map((table) => `\`\`\`\n${formatTable(table)}\n\`\`\``),
    ...notes.map((note) => `- ${note}`),
  ];
}
