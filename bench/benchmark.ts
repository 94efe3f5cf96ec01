import type { OptionDescription, Options } from "./options.ts";
import type { Table } from "./table.ts";

/** One benchmark of the table in `main.ts`. */
export interface Benchmark {
  /** One line for the list of benchmarks. */
  readonly summary: string;
  readonly options: readonly OptionDescription[];
  readonly run: (options: Options, progress: Progress) => Promise<Findings>;
}

/** Tells the person who waits what is going on; never part of the result. */
export type Progress = (line: string) => void;

export interface Findings {
  readonly tables: readonly Table[];
  /** What a reader must know to judge the numbers, such as a peer that was skipped and why. */
  readonly notes: readonly string[];
  /** What makes the numbers worthless, such as wrong answers; the command then exits with 1. */
  readonly failures: readonly string[];
  /** The same numbers, unrounded, for `--json`. */
  readonly values: Readonly<Record<string, unknown>>;
}
