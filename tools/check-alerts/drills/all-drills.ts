import type { Drill } from "../drill.ts";
import { clientDrills } from "./clients.ts";
import { machineDrills } from "./machine.ts";
import { objectiveDrills } from "./objectives.ts";
import { processDrills } from "./processes.ts";
import { secretDrills } from "./secrets.ts";
import { serviceDrills } from "./service.ts";

/** The longest first, so that the end is not one of them alone. */
export const allDrills: readonly Drill[] = [
  ...objectiveDrills,
  ...processDrills,
  ...serviceDrills,
  ...machineDrills,
  ...clientDrills,
  ...secretDrills,
];

/** Alerts that no drill shows, and why. */
export const notDrilled: Readonly<Record<string, string>> = {
  CertificateExpiring: "the blackbox exporter measures it, not the service",
  DeviceSetAside: "it takes several GPUs",
  DeviceSlow: "it takes a GPU, and a slow one",
  ContainerMemoryForecast: "it takes a control group (v2) with a memory limit",
};
