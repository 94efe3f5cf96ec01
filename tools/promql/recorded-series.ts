import { readExpression } from "./expression.ts";
import type { KnownSeries, SeriesLabels } from "./series-labels.ts";

/**
 * Adds the series that recording rules make. Each has the labels that its expression groups by.
 * @param rules Names of new series, with their expressions.
 */
export function withRecordedSeries(known: KnownSeries, rules: ReadonlyMap<string, string>): KnownSeries {
  const recorded = [...rules].map(([name, expression]): [string, SeriesLabels] => {
    const { labels } = readExpression(expression);
    return [name, Object.fromEntries(labels.map((label) => [label, { boundedBy: "the series it is made from" }]))];
  });
  return new Map([...known, ...recorded]);
}
