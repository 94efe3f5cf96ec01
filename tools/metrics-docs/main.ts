import { writeFileSync } from "node:fs";
import { metricTable } from "../../src/telemetry/metric-table.ts";
import { metricsPage } from "./page.ts";

/** Writes docs/metrics.md anew. */
writeFileSync(new URL("../../docs/metrics.md", import.meta.url), metricsPage(metricTable));
