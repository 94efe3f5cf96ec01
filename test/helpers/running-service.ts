import { fileURLToPath } from "node:url";
import { createService, type Service } from "../../src/service.ts";

const textModels = fileURLToPath(new URL("../fixtures/text-models.yaml", import.meta.url));

/** The service in this process, on a free port, with its real model for texts, unless `environment` says otherwise. */
export async function startService(environment: Record<string, string> = {}): Promise<Service & { url: string }> {
  const service = await createService({ PORT: "0", LOG_LEVEL: "silent", MODELS_FILE: textModels, ...environment });
  const isReady = new Promise<void>((resolve) => {
    const unsubscribe = service.events.on("service_ready", () => {
      unsubscribe();
      resolve();
    });
  });
  const url = await service.start();
  await isReady;
  return { ...service, url };
}
