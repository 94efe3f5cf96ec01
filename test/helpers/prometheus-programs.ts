import { findOnPath } from "./find-on-path.ts";

/** Why tests with a real Prometheus are skipped; null where they run. */
export const missingPrometheus: string | null =
  findOnPath("prometheus") === null ? "no prometheus on the PATH (Debian: prometheus)" : null;

/** Why Prometheus' own tool does not look at the rules; null where it does. */
export const missingPromtool: string | null =
  findOnPath("promtool") === null ? "no promtool on the PATH (Debian: prometheus)" : null;
