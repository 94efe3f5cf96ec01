import type { Config } from "../config.ts";
import type { FallbackReason } from "../events.ts";
import { chooseProfile, type ProfileChoice } from "./choose-profile.ts";
import { detectDevices } from "./detect-devices.ts";
import type { GpuDevice } from "./gpu-device.ts";
import { cpuProfile, type GpuProfile, type HardwareProfile } from "./hardware-profiles.ts";
import { type OnnxRuntimeFacts, readOnnxRuntimeFacts } from "./onnx-runtime-facts.ts";

/** Why nothing can be computed on a GPU. */
export interface CudaProblem {
  readonly reason: FallbackReason;
  /** In plain words, for the operator. */
  readonly detail: string;
}

/** What the service computes on. */
export interface Hardware {
  readonly profile: HardwareProfile;
  /** Empty with the profile `cpu`. */
  readonly devices: readonly GpuDevice[];
  /** Null when processes can be started on the devices. */
  readonly cudaProblem: CudaProblem | null;
  /** There is a GPU, or should be: a model that is left to the service is meant for it. */
  readonly expectsGpu: boolean;
  /** What contradicts the settings, in plain words: with any, the service does not start. */
  readonly problems: readonly string[];
}

/** What was found: the driver's devices, or why it did not tell of them. */
export type Detection = { readonly devices: readonly GpuDevice[] } | { readonly problem: string };

/** The installed ONNX Runtime, or why it could not be read. */
export type RuntimeReading = { readonly runtime: OnnxRuntimeFacts } | { readonly problem: string };

/** Finds out what the machine has, unless the settings say that no GPU is wanted, and judges it. */
export async function openHardware(settings: Config["hardware"]): Promise<Hardware> {
  if (settings.profile === "cpu") {
    return judgeHardware(settings, { devices: [] }, { problem: "" });
  }
  const detection = await attempt(async () => ({ devices: await detectDevices() }));
  const needsRuntime = "devices" in detection && detection.devices.length > 0;
  const reading = needsRuntime
    ? await attempt(async () => ({ runtime: await readOnnxRuntimeFacts() }))
    : { problem: "it was not looked at" };
  return judgeHardware(settings, detection, reading);
}

/** What the facts come to under these settings. */
export function judgeHardware(
  { profile: setting, requireGpu }: Config["hardware"],
  detection: Detection,
  reading: RuntimeReading,
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
      expectsGpu: true,
      problems: isRefused ? choice.problems : [],
    };
  }
  const { profile, devices } = choice;
  const cudaProblem = profile.name === "cpu" ? noGpu(setting) : findCudaProblem(profile, devices, reading);
  return {
    profile,
    devices,
    cudaProblem,
    expectsGpu: profile.name !== "cpu",
    problems: requireGpu && cudaProblem !== null ? [`hardware.requireGpu is set, but ${cudaProblem.detail}`] : [],
  };
}

function noGpu(setting: Config["hardware"]["profile"]): CudaProblem {
  const detail = setting === "cpu" ? "hardware.profile is cpu" : "the machine has no GPU that the driver tells of";
  return { reason: "no_device", detail };
}

/** ONNX Runtime itself compares no versions, and fails with misleading words or, on the device, with none at all. */
function findCudaProblem(
  profile: GpuProfile,
  devices: readonly GpuDevice[],
  reading: RuntimeReading,
): CudaProblem | null {
  if ("problem" in reading) {
    return { reason: "no_provider", detail: `the installed ONNX Runtime cannot be read: ${reading.problem}` };
  }
  const { coreVersion, cudaProvider } = reading.runtime;
  if (cudaProvider === null) {
    return { reason: "no_provider", detail: "the CUDA provider does not lie beside the core of ONNX Runtime" };
  }
  const { build, buildId } = cudaProvider;
  if (build === null) {
    const detail = `the CUDA provider is a build whose version is not known (build ID ${buildId ?? "none"})`;
    return { reason: "version_mismatch", detail };
  }
  if (build.version !== coreVersion) {
    const detail = `the CUDA provider is of ONNX Runtime ${build.version}, its core is ${coreVersion}`;
    return { reason: "version_mismatch", detail };
  }
  if (!build.computeCapabilities.includes(profile.computeCapability)) {
    const detail = `the CUDA provider ${build.version} holds no code for compute capability ${profile.computeCapability}`;
    return { reason: "no_kernels", detail };
  }
  if (isOlder(build.cuda, profile.minimumCuda)) {
    const detail = `the CUDA provider is made for CUDA ${build.cuda}, the device needs ${profile.minimumCuda} or newer`;
    return { reason: "no_kernels", detail };
  }
  const oldDriver = devices.find(({ driverVersion }) => isOlder(driverVersion, `${build.minimumDriver}`));
  if (oldDriver !== undefined) {
    const detail = `the driver is ${oldDriver.driverVersion}, CUDA ${build.cuda} needs ${build.minimumDriver} or newer`;
    return { reason: "old_driver", detail };
  }
  return null;
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = than.split(".").map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

async function attempt<Facts extends object>(find: () => Promise<Facts>): Promise<Facts | { problem: string }> {
  try {
    return await find();
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "unknown" };
  }
}
