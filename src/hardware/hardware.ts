import type { Config } from "../config.ts";
import { onnxRuntimePackages } from "../onnx-runtime-package.ts";
import { type CudaProblem, type CudaRuntime, chooseCudaRuntime, type RuntimeReading } from "./choose-cuda-runtime.ts";
import { chooseProfile, type ProfileChoice } from "./choose-profile.ts";
import { detectDevices } from "./detect-devices.ts";
import type { GpuDevice } from "./gpu-device.ts";
import { cpuProfile, type HardwareProfile } from "./hardware-profiles.ts";
import { readOnnxRuntimeFacts } from "./onnx-runtime-facts.ts";

interface HardwareCommon {
  readonly profile: HardwareProfile;
  /** Empty with the profile `cpu`. */
  readonly devices: readonly GpuDevice[];
  /** There is a GPU, or should be: a model that is left to the service is meant for it. */
  readonly expectsGpu: boolean;
  /** What contradicts the settings, in plain words: with any, the service does not start. */
  readonly problems: readonly string[];
}

/** What the service computes on, and with which ONNX Runtime processes on the devices do, if any can be started there. */
export type Hardware = HardwareCommon &
  (
    | { readonly cudaProblem: null; readonly onnxRuntime: CudaRuntime }
    | { readonly cudaProblem: CudaProblem; readonly onnxRuntime: null }
  );

/** What was found: the driver's devices, or why it did not tell of them. */
export type Detection = { readonly devices: readonly GpuDevice[] } | { readonly problem: string };

/** Finds out what the machine has, unless the settings say that no GPU is wanted, and judges it. */
export async function openHardware(settings: Config["hardware"]): Promise<Hardware> {
  if (settings.profile === "cpu") {
    return judgeHardware(settings, { devices: [] }, []);
  }
  const detection = await attempt(async () => ({ devices: await detectDevices() }));
  const needsRuntime = "devices" in detection && detection.devices.length > 0;
  return judgeHardware(settings, detection, needsRuntime ? await readOnnxRuntimes() : []);
}

/**
 * What the facts come to under these settings.
 * @param readings of the ONNX Runtimes that could be installed, the one to be preferred first.
 */
export function judgeHardware(
  { profile: setting, requireGpu }: Config["hardware"],
  detection: Detection,
  readings: readonly RuntimeReading[],
): Hardware {
  const choice: ProfileChoice =
    "devices" in detection
      ? chooseProfile(setting, detection.devices)
      : { problems: [`the driver does not tell of its GPUs: ${detection.problem}`] };
  if ("problems" in choice) {
    const detail = choice.problems.join("; ");
    const reason = "devices" in detection && detection.devices.length > 0 ? "no_profile" : "no_device";
    const isRefused = setting !== "auto" || requireGpu;
    return {
      profile: cpuProfile,
      devices: [],
      cudaProblem: { reason, detail },
      onnxRuntime: null,
      expectsGpu: true,
      problems: isRefused ? choice.problems : [],
    };
  }
  const { profile, devices } = choice;
  const runtime =
    profile.name === "cpu" ? { cudaProblem: noGpu(setting) } : chooseCudaRuntime(profile, devices, readings);
  const common = { profile, devices, expectsGpu: profile.name !== "cpu" };
  if ("onnxRuntime" in runtime) {
    return { ...common, cudaProblem: null, onnxRuntime: runtime.onnxRuntime, problems: [] };
  }
  const { cudaProblem } = runtime;
  const problems = requireGpu ? [`hardware.requireGpu is set, but ${cudaProblem.detail}`] : [];
  return { ...common, cudaProblem, onnxRuntime: null, problems };
}

function noGpu(setting: Config["hardware"]["profile"]): CudaProblem {
  const detail = setting === "cpu" ? "hardware.profile is cpu" : "the machine has no GPU that the driver tells of";
  return { reason: "no_device", detail };
}

function readOnnxRuntimes(): Promise<readonly RuntimeReading[]> {
  return Promise.all(
    onnxRuntimePackages.map(async (packageName) => {
      const reading = await attempt(async () => ({ runtime: await readOnnxRuntimeFacts(packageName) }));
      return "runtime" in reading ? reading : { packageName, ...reading };
    }),
  );
}

async function attempt<Facts extends object>(find: () => Promise<Facts>): Promise<Facts | { problem: string }> {
  try {
    return await find();
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "unknown" };
  }
}
