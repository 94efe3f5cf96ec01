import type { LabelBounds, MetricDefinition } from "../../src/telemetry/metric-table.ts";

/** What each label of a series may say: all its values, or what bounds them. */
export type SeriesLabels = Readonly<Record<string, LabelBounds>>;

/** By the names that Prometheus stores: a histogram makes three of them. */
export type KnownSeries = ReadonlyMap<string, SeriesLabels>;

/** Put on every series by the scrape. */
const scrapeLabels: SeriesLabels = { job: { boundedBy: "scrape jobs" }, instance: { boundedBy: "scraped instances" } };

/** Series that others make: Prometheus, prom-client's defaults that we speak of, the blackbox exporter. */
const foreignSeries: Readonly<Record<string, SeriesLabels>> = {
  up: {},
  probe_ssl_earliest_cert_expiry: {},
  process_cpu_seconds_total: {},
  process_open_fds: {},
  process_max_fds: {},
  process_resident_memory_bytes: {},
  process_start_time_seconds: {},
  nodejs_eventloop_lag_p99_seconds: {},
  nodejs_heap_size_used_bytes: {},
};

/** Every series that a scrape of the service brings, with its labels. */
export function scrapedSeries(table: Readonly<Record<string, MetricDefinition>>): KnownSeries {
  const own = Object.values(table).flatMap(seriesOf);
  return new Map(
    [...Object.entries(foreignSeries), ...own].map(([name, labels]) => [name, { ...scrapeLabels, ...labels }]),
  );
}

function seriesOf({ name, type, labels, buckets = [] }: MetricDefinition): [string, SeriesLabels][] {
  if (type !== "histogram") {
    return [[name, labels]];
  }
  return [
    [`${name}_bucket`, { ...labels, le: [...buckets.map(String), "+Inf"] }],
    [`${name}_sum`, labels],
    [`${name}_count`, labels],
  ];
}
