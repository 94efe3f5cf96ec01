import { type Matcher, readExpression } from "./expression.ts";
import type { KnownSeries, SeriesLabels } from "./series-labels.ts";

/** Says what an expression names that nothing makes: metrics, labels, and values that a label cannot have. */
export function findUnknownNames(expression: string, known: KnownSeries): string[] {
  const { selectors, labels } = readExpression(expression);
  const named = selectors.map(({ metric }) => known.get(metric));
  const unknownMetrics = selectors
    .filter(({ metric }) => !known.has(metric))
    .map(({ metric }) => `no metric ${metric}`);
  const unknownLabels = labels.filter((label) => !named.some((series) => series !== undefined && label in series));
  return [
    ...unknownMetrics,
    ...selectors.flatMap(({ metric, matchers }) => {
      const series = known.get(metric);
      return series === undefined ? [] : matchers.flatMap((matcher) => problemsOf(matcher, metric, series));
    }),
    ...unknownLabels.map((label) => `no label ${label} on ${selectors.map(({ metric }) => metric).join(", ")}`),
  ];
}

function problemsOf({ label, operator, value }: Matcher, metric: string, series: SeriesLabels): string[] {
  const bounds = series[label];
  if (bounds === undefined) {
    return [`no label ${label} on ${metric}`];
  }
  if ("boundedBy" in bounds) {
    return [];
  }
  // Each way of a regular expression must be a value: one that fits nothing is a mistake that nobody would see.
  const asked = operator === "=" || operator === "!=" ? [value] : value.split("|");
  return asked.filter((each) => !bounds.includes(each)).map((each) => `no ${label}="${each}" on ${metric}`);
}
