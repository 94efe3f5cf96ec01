import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { LabelBounds, MetricDefinition, MetricTable } from "./metric-table.ts";

type LabelValue<Bounds extends LabelBounds> = Bounds extends readonly (infer Value)[] ? Value : string;

/** What has to be said of each sample: every label of the metric, with an allowed value. */
export type LabelsOf<Definition extends MetricDefinition> = {
  readonly [Label in keyof Definition["labels"]]: LabelValue<Definition["labels"][Label]>;
};

export interface CounterOf<Definition extends MetricDefinition> {
  add(labels: LabelsOf<Definition>, amount?: number): void;
}

export interface HistogramOf<Definition extends MetricDefinition> {
  observe(labels: LabelsOf<Definition>, value: number): void;
}

export interface GaugeOf<Definition extends MetricDefinition> {
  /** Replaces all samples of the metric. */
  set(samples: readonly Sample<Definition>[]): void;
}

/** One value of a gauge and the labels that it belongs to. */
export type Sample<Definition extends MetricDefinition> = readonly [labels: LabelsOf<Definition>, value: number];

type InstrumentOf<Definition extends MetricDefinition> = Definition["type"] extends "counter"
  ? CounterOf<Definition>
  : Definition["type"] extends "histogram"
    ? HistogramOf<Definition>
    : GaugeOf<Definition>;

export type Instruments<Table extends Readonly<Record<string, MetricDefinition>> = MetricTable> = {
  readonly [Key in keyof Table]: InstrumentOf<Table[Key]>;
};

type GaugeKey = {
  [Key in keyof MetricTable]: MetricTable[Key]["type"] extends "gauge" ? Key : never;
}[keyof MetricTable];

/** Gauges that are read when metrics are, rather than set as things happen. */
export type GaugeReaders = { readonly [Key in GaugeKey]?: () => readonly Sample<MetricTable[Key]>[] };

/**
 * Every combination of label values, where all of them are listed: none otherwise. Counters begin at 0 with each, because
 * Prometheus sees no increase in a series that begins at 1.
 */
function everyLabelling(labels: MetricDefinition["labels"]): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (labellings, [label, bounds]) =>
      labellings.flatMap((labelling) =>
        "boundedBy" in bounds ? [] : bounds.map((value) => ({ ...labelling, [label]: value })),
      ),
    [{}],
  );
}

/**
 * Makes the instrument of every metric of the table.
 * @param onReadFailure a reader threw; its gauge is left out of this scrape, and the others are not.
 */
export function createInstruments<Table extends Readonly<Record<string, MetricDefinition>>>(
  table: Table,
  registry: Registry,
  readers: Readonly<Record<string, (() => readonly Sample<MetricDefinition>[]) | undefined>>,
  onReadFailure: (metric: string, error: unknown) => void,
): Instruments<Table> {
  const entries = Object.entries(table).map(([key, definition]) => [
    key,
    createInstrument(definition, registry, readers[key], onReadFailure),
  ]);
  return Object.fromEntries(entries) as Instruments<Table>;
}

function createInstrument(
  definition: MetricDefinition,
  registry: Registry,
  read: (() => readonly Sample<MetricDefinition>[]) | undefined,
  onReadFailure: (metric: string, error: unknown) => void,
): CounterOf<MetricDefinition> | HistogramOf<MetricDefinition> | GaugeOf<MetricDefinition> {
  const { name, help, buckets = [] } = definition;
  const common = { name, help, labelNames: Object.keys(definition.labels), registers: [registry] };
  switch (definition.type) {
    case "counter": {
      const counter = new Counter(common);
      for (const labelValues of everyLabelling(definition.labels)) {
        counter.inc(labelValues, 0);
      }
      return { add: (labels, amount = 1) => counter.inc(labels, amount) };
    }
    case "histogram": {
      const histogram = new Histogram({ ...common, buckets: [...buckets] });
      return { observe: (labels, value) => histogram.observe(labels, value) };
    }
    case "gauge": {
      const set = (gauge: Gauge, samples: readonly Sample<MetricDefinition>[]): void => {
        gauge.reset();
        if (common.labelNames.length === 0) {
          // prom-client's own beginning is 0; what has no value is not to be shown.
          gauge.remove();
        }
        for (const [labels, value] of samples) {
          gauge.set(labels, value);
        }
      };
      const collect = function (this: Gauge): void {
        try {
          set(this, read?.() ?? []);
        } catch (error) {
          set(this, []);
          onReadFailure(name, error);
        }
      };
      const gauge = new Gauge(read === undefined ? common : { ...common, collect });
      set(gauge, []);
      return { set: (samples) => set(gauge, samples) };
    }
  }
}
