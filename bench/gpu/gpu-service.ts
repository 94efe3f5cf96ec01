import type { Progress } from "../benchmark.ts";
import { Service } from "../service.ts";
import { type ServedFolder, ServedModels } from "./served-models.ts";

/** A little more than the processes of the service are given. */
const readyTimeoutMs = 300_000;

/** The service with these models only, placed where it puts them by itself. The stack stops it. */
export async function startGpuService(
  models: { readonly texts?: ServedFolder; readonly speech?: ServedFolder },
  environment: Readonly<Record<string, string>>,
  stack: AsyncDisposableStack,
  progress: Progress,
): Promise<Service> {
  progress("starting the service");
  const served = stack.use(await ServedModels.prepare(models));
  return stack.use(await Service.start({ environment: { ...served.environment, ...environment }, readyTimeoutMs }));
}

/** A speech model whose batches hold so many windows. */
export function speechFolder(folder: string, form: string, batch: number): ServedFolder {
  return { folder, form, entry: { maxBatchSize: batch } };
}
