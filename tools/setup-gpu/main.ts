/**
 * Brings ONNX Runtime's CUDA provider beside the core that it belongs to.
 *
 *     npm run setup:gpu -- [--pair 1.30] [--pair 1.27] [--bill sbom.cdx.json]
 *
 * Without `--pair` the GPUs of the machine decide. `--bill` names the bill of materials that is to tell of it. Needs Linux
 * on x86-64 and Python 3 with pip, which takes the wheel from the index that it is set to. Says in the end which libraries
 * of CUDA are missing. Exits with 1 when something is wrong.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { detectDevices } from "../../src/hardware/detect-devices.ts";
import type { GpuDevice } from "../../src/hardware/gpu-device.ts";
import { onnxRuntimeFolder } from "../../src/hardware/onnx-runtime-facts.ts";
import { OperatorError } from "../../src/operator-error.ts";
import { runForOperator } from "../../src/run-for-operator.ts";
import { billProvider } from "./bill-provider.ts";
import { chooseWheels } from "./choose-wheels.ts";
import { installProvider } from "./install-provider.ts";
import { missingLibraries } from "./missing-libraries.ts";
import type { ProviderWheel } from "./provider-wheel.ts";

const howToGetLibraries = `
libcuda.so.1 comes with NVIDIA's driver, 580 or newer; in a container, with the runtime that hands the GPU in. The others are
CUDA 13 and cuDNN 9. From NVIDIA's packages for Debian and Ubuntu:
    apt-get install cuda-libraries-13-0 libcudnn9-cuda-13
Or from Python's, whose folders site-packages/nvidia/*/lib then go into LD_LIBRARY_PATH:
    python3 -m pip install 'nvidia-cublas==13.*' 'nvidia-cuda-runtime==13.*' 'nvidia-cuda-nvrtc==13.*' \\
      'nvidia-curand==10.*' 'nvidia-cufft==12.*' 'nvidia-cudnn-cu13==9.*'`;

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () =>
    interruption.abort(new OperatorError("interrupted: what was under way was not put in place")),
  );
}

await runForOperator(async () => {
  try {
    await setUpAll();
  } catch (error) {
    throw interruption.signal.aborted ? interruption.signal.reason : error;
  }
});

async function setUpAll(): Promise<void> {
  requirePlatform();
  const { values } = parseArgs({
    options: { pair: { type: "string", multiple: true, default: [] }, bill: { type: "string" } },
  });
  const wheels = chooseWheels(values.pair, values.pair.length > 0 ? [] : await findDevices());
  for (const wheel of wheels) {
    await setUp(wheel);
    if (values.bill !== undefined) {
      billProvider(values.bill, wheel);
    }
  }
  await tellMissing(wheels);
}

function requirePlatform(): void {
  const { platform, arch } = process;
  if (platform !== "linux" || arch !== "x64") {
    throw new OperatorError(`the CUDA provider is built for Linux on x86-64, and this is ${platform} on ${arch}`);
  }
}

async function findDevices(): Promise<readonly GpuDevice[]> {
  try {
    return await detectDevices();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown";
    throw new OperatorError(`the driver does not tell of its GPUs (--pair does without): ${reason}`, { cause });
  }
}

async function setUp(wheel: ProviderWheel): Promise<void> {
  const { packageName, version } = wheel;
  const outcome = await installProvider(wheel, folderOf(wheel), {
    signal: interruption.signal,
    onOutput: (text) => process.stdout.write(text),
  });
  console.log(`CUDA provider ${version}: ${outcome}, beside the core in ${packageName}.`);
}

function folderOf({ packageName, version }: ProviderWheel): string {
  try {
    return onnxRuntimeFolder(packageName);
  } catch (cause) {
    const hint = "run npm ci, without --omit=optional";
    throw new OperatorError(`the core ${version} (${packageName}) is not installed: ${hint}`, { cause });
  }
}

async function tellMissing(wheels: readonly ProviderWheel[]): Promise<void> {
  const needs = [...new Set(wheels.flatMap((wheel) => wheel.needs))];
  // oxlint-disable-next-line node/no-process-env -- the dynamic linker's own variable
  const missing = await missingLibraries(needs, process.env["LD_LIBRARY_PATH"] ?? "");
  console.log(
    missing.length === 0
      ? "The libraries of CUDA are all found. npm run check-config tells what each model will be computed on."
      : `The dynamic linker does not find ${missing.join(", ")}.${howToGetLibraries}`,
  );
}
