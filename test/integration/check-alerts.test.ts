import { expect, test } from "vitest";
import { checkAlerts } from "../../tools/check-alerts/check-alerts.ts";
import { report } from "../../tools/check-alerts/report.ts";
import { missingPrometheus } from "../helpers/prometheus-programs.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

if (missingPrometheus !== null) {
  process.stderr.write(`The drill of alerts is skipped: ${missingPrometheus}.\n`);
}

/** `npm run check-alerts` shows all of them, and takes minutes. */
test.skipIf(missingPrometheus !== null)(
  "a real Prometheus scrapes the service with its key, and its alerts fire under their faults and resolve after them",
  { timeout: 400_000 },
  async () => {
    using folder = new TemporaryFolder();
    const outcome = await checkAlerts({
      names: ["down", "ConfigRejected"],
      folder: folder.path,
      concurrency: 2,
      onProgress: () => {},
    });
    expect({ isWhole: outcome.isWhole, report: report(outcome) }).toEqual({
      isWhole: true,
      report: expect.stringMatching(/ConfigRejected[^]*InstanceDown[^]*ServiceDown/),
    });
  },
);
