import type { Drill } from "../drill.ts";
import { clientDrills } from "./clients.ts";
import { objectiveDrills } from "./objectives.ts";
import { processDrills } from "./processes.ts";
import { secretDrills } from "./secrets.ts";
import { serviceDrills } from "./service.ts";

/** The longest first, so that the end is not one of them alone. */
export const allDrills: readonly Drill[] = [
  ...objectiveDrills,
  ...processDrills,
  ...serviceDrills,
  ...clientDrills,
  ...secretDrills,
];
