import type { Config } from "../config.ts";
import type { GpuDevice } from "./gpu-device.ts";
import { cpuProfile, gpuProfiles, type HardwareProfile, misfits, profileOf } from "./hardware-profiles.ts";

/** A profile with the devices that it is for, or what is wrong. */
export type ProfileChoice =
  | { readonly profile: HardwareProfile; readonly devices: readonly GpuDevice[] }
  | { readonly problems: readonly string[] };

/**
 * The profile that the setting names, if every device fits it; with `auto`, the one that every device fits, and `cpu`
 * without any.
 */
export function chooseProfile(setting: Config["hardware"]["profile"], devices: readonly GpuDevice[]): ProfileChoice {
  if (setting === "cpu" || (setting === "auto" && devices.length === 0)) {
    return { profile: cpuProfile, devices: [] };
  }
  if (setting === "auto") {
    const fitting = gpuProfiles.find((profile) => devices.every((device) => misfits(device, profile).length === 0));
    const found = [...new Set(devices.map(({ name, computeCapability }) => `${name} (${computeCapability})`))];
    return fitting === undefined
      ? { problems: [`no hardware profile is for all GPUs of this machine: ${found.join(", ")}`] }
      : { profile: profileOf(fitting, devices), devices };
  }
  const named = gpuProfiles.find(({ name }) => name === setting);
  if (named === undefined || devices.length === 0) {
    return { problems: [`the machine has no GPU that the driver tells of, and ${setting} is one`] };
  }
  const problems = [...new Set(devices.flatMap((device) => misfits(device, named)))];
  return problems.length > 0 ? { problems } : { profile: profileOf(named, devices), devices };
}
