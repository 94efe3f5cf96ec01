import { createService, type Service } from "../../src/service.ts";

/** The service in this process, on a free port, with its real model. Close it with `closeService`. */
export async function startService(environment: Record<string, string> = {}): Promise<Service & { url: string }> {
  const service = await createService({ PORT: "0", LOG_LEVEL: "silent", ...environment });
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
