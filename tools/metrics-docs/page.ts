import type { LabelBounds, MetricDefinition } from "../../src/telemetry/metric-table.ts";

const introduction = `# Metrics

\`GET /metrics\` shows them in Prometheus' text format. Made from \`src/telemetry/metric-table.ts\` by \`npm run metrics-docs\`; a test
compares the two. What clients send reaches a label only where its values are listed in the configuration. On top come the
defaults of prom-client, \`process_*\` (CPU, memory, descriptors of the API process) and \`nodejs_*\` (event loop, heap, garbage
collection). Alerts and dashboards built on them: [operations.md](operations.md).
`;

/** The page of every metric, in the order of the table. */
export function metricsPage(table: Readonly<Record<string, MetricDefinition>>): string {
  return [introduction, ...Object.values(table).map((metric) => section(metric))].join("\n");
}

function section({ name, type, unit, help, labels, buckets }: MetricDefinition): string {
  const lines = [`## ${name}`, "", `${type}, ${unit}. ${help}`];
  const entries = Object.entries(labels);
  if (entries.length > 0) {
    lines.push("", "| label | values |", "|---|---|");
    lines.push(...entries.map(([label, bounds]) => `| \`${label}\` | ${valuesOf(bounds)} |`));
  }
  if (buckets !== undefined) {
    lines.push("", `Buckets: ${buckets.join(", ")}.`);
  }
  return `${lines.join("\n")}\n`;
}

function valuesOf(bounds: LabelBounds): string {
  return "boundedBy" in bounds ? bounds.boundedBy : bounds.map((value) => `\`${value}\``).join(", ");
}
