/**
 * Shows that every alert fires under its fault and resolves after it: real services, a real Prometheus with the
 * repository's rules in a fraction of their time, real faults where this machine allows.
 *
 *     npm run check-alerts [-- NAME…]
 *
 * NAME is a drill or an alert; without any, all are shown. Exits with 1 when one that should did not fire or resolve.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { checkAlerts } from "./check-alerts.ts";
import { report } from "./report.ts";

const folder = mkdtempSync(join(tmpdir(), "check-alerts-keys-"));
const startedAt = performance.now();
try {
  const outcome = await checkAlerts({
    names: process.argv.slice(2),
    folder,
    // Most of a drill is waiting; its service's start is not.
    concurrency: 3 * availableParallelism(),
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  console.log(report(outcome));
  console.log(`\n${Math.round((performance.now() - startedAt) / 1_000)} s.`);
  process.exitCode = outcome.isWhole ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// A drill that hung may have left something behind.
process.exit();
