import type { GpuDevice } from "../../src/hardware/gpu-device.ts";
import { cudaProviderFile, providerBuild } from "../../src/hardware/onnx-runtime-facts.ts";
import { OperatorError } from "../../src/operator-error.ts";
import { type ProviderWheel, providerWheels } from "./provider-wheel.ts";

const choices = providerWheels.map(({ pair }) => pair).join(" or ");

/**
 * The wheels that the arguments name, or else those that the devices need: for each the first with code for it.
 * @throws OperatorError when an argument names none, and without any when the devices do not tell either.
 */
export function chooseWheels(pairs: readonly string[], devices: readonly GpuDevice[]): readonly ProviderWheel[] {
  if (pairs.length === 0 && devices.length === 0) {
    throw new OperatorError(
      `the driver tells of no GPU here, so say which provider is wanted: --pair ${choices} (1.27 has code for a B200, 1.30 has none)`,
    );
  }
  const chosen = pairs.length > 0 ? pairs.map(wheelOfPair) : devices.map(wheelForDevice);
  return [...new Set(chosen)];
}

function wheelOfPair(pair: string): ProviderWheel {
  const wheel = providerWheels.find((each) => each.pair === pair);
  if (wheel === undefined) {
    throw new OperatorError(`--pair takes ${choices}, not "${pair}"`);
  }
  return wheel;
}

function wheelForDevice({ name, computeCapability }: GpuDevice): ProviderWheel {
  const wheel = providerWheels.find(({ libraries }) =>
    providerBuild(libraries[cudaProviderFile] ?? null)?.computeCapabilities.includes(computeCapability),
  );
  if (wheel === undefined) {
    throw new OperatorError(`no provider holds code for ${name} (compute capability ${computeCapability})`);
  }
  return wheel;
}
