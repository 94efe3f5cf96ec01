import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import type { Drill, ExpectedAlert } from "../drill.ts";
import { repeatedFault } from "./repeated-fault.ts";

const windows = ["1h", "6h", "1d", "3d"];

/** Runs may take as long as they like: what stands still is not killed. */
export const patientProcesses = { processes: { runLimitFloorMs: 600_000 } };

/** What the objectives are about: requests that fail, and answers that take long. */
export const objectiveDrills: readonly Drill[] = [
  {
    name: "maintenance",
    fault: "maintenance mode: every task request gets 503",
    alerts: [
      ...burns("AvailabilityBudgetBurn"),
      { name: "ServiceNotReady" },
      { name: "HealthCheckFailing", labels: { check: "maintenance" } },
    ],
    async prepare(stage) {
      const service = await stage.start();
      stage.sendTexts(service, 20);
      const setMaintenance = (maintenance: boolean): void =>
        writeFileSync(service.settingsFile, stringify({ service: { maintenance } }));
      return { inject: () => setMaintenance(true), remove: () => setMaintenance(false) };
    },
  },
  {
    name: "slow",
    isAlone: true,
    fault: "SIGSTOP of the inference process for 1.5 s, again and again",
    alerts: [...burns("LatencyBudgetBurn"), { name: "ClassifyLatencyP95High" }, { name: "ClassifyLatencyP99High" }],
    async prepare(stage) {
      const service = await stage.start({ settings: patientProcesses });
      stage.sendTexts(service, 20);
      return repeatedFault(stage, 1_500, async () => {
        const pids = service.inferencePids();
        pids.forEach((pid) => process.kill(pid, "SIGSTOP"));
        await sleep(1_500);
        pids.forEach((pid) => process.kill(pid, "SIGCONT"));
      });
    },
  },
];

function burns(name: string): ExpectedAlert[] {
  return windows.map((window) => ({ name, labels: { window } }));
}
