import type { Stage } from "./stage.ts";

/** An alert, with what tells it from others of its name and job. */
export interface ExpectedAlert {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What is broken, and mended. Both begin it and return; what goes on meanwhile ends with the stage. */
export interface Fault {
  inject(): Promise<void> | void;
  remove(): Promise<void> | void;
}

/** One fault and the alerts that must fire under it and resolve after it. */
export interface Drill {
  /** Ends the name of its scrape job. */
  readonly name: string;
  /** For people. */
  readonly fault: string;
  readonly alerts: readonly ExpectedAlert[];
  /** What this machine lacks for it; absent where it lacks nothing. */
  readonly lacks?: string | null;
  /** What other drills do to the machine would be seen in it. */
  readonly isAlone?: boolean;
  /** Its job has the plain name, which one rule asks for. */
  readonly isPlainJob?: boolean;
  /** Starts what is needed, whole and well. */
  prepare(stage: Stage): Promise<Fault>;
}
