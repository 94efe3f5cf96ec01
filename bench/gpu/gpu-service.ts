import type { Progress } from "../benchmark.ts";
import { Service } from "../service.ts";
import type { BenchDevice } from "./bench-device.ts";
import { type ServedFolder, ServedModels } from "./served-models.ts";

/** A little more than the processes of the service are given. */
const readyTimeoutMs = 300_000;

/**
 * The service with these models only, on the device that was found: where that is a GPU the service does not start without
 * it, and computes nothing elsewhere. The stack stops it.
 */
export async function startGpuService(
  device: Pick<BenchDevice, "provider">,
  models: { readonly texts?: ServedFolder; readonly speech?: ServedFolder },
  environment: Readonly<Record<string, string>>,
  stack: AsyncDisposableStack,
  progress: Progress,
): Promise<Service> {
  progress("starting the service");
  const served = stack.use(await ServedModels.prepare(models));
  return stack.use(
    await Service.start({
      environment: { ...served.environment, ...placementOn(device), ...environment },
      readyTimeoutMs,
    }),
  );
}

/** Figures of a CPU under the name of a GPU would be worse than none. */
export function placementOn({ provider }: Pick<BenchDevice, "provider">): Readonly<Record<string, string>> {
  return provider === "cuda" ? { SERVICE__HARDWARE__REQUIRE_GPU: "true" } : {};
}

/** A speech model whose batches hold so many windows. */
export function speechFolder(folder: string, form: string, batch: number): ServedFolder {
  return { folder, form, entry: { maxBatchSize: batch } };
}
