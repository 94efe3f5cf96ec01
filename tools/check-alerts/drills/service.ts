import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../bench/child-program.ts";
import type { ServiceProcess } from "../../../test/helpers/service-process.ts";
import type { Drill } from "../drill.ts";
import { PreloadedFaults } from "../preloaded-faults.ts";
import { type Stage, statusOf } from "../stage.ts";

/** Whether the service is there, and tells the whole truth of itself. */
export const serviceDrills: readonly Drill[] = [
  {
    name: "down",
    fault: "SIGKILL of the API process",
    alerts: [{ name: "ServiceDown" }, { name: "InstanceDown" }],
    async prepare(stage) {
      const port = await freePort();
      const service = await startAt(stage, port);
      return {
        inject: () => kill(service),
        remove: async () => void (await startAt(stage, port)),
      };
    },
  },
  {
    name: "unknown",
    isPlainJob: true,
    fault: "Prometheus knows no target",
    alerts: [{ name: "ServiceDown" }],
    async prepare(stage) {
      const port = await freePort();
      await startAt(stage, port);
      return { inject: () => stage.forget(), remove: () => stage.scrape(`127.0.0.1:${port}`) };
    },
  },
  {
    name: "restarts",
    fault: "SIGKILL of the API process whenever it listens, and a new one each time",
    alerts: [{ name: "ServiceRestarts" }],
    async prepare(stage) {
      const port = await freePort();
      let service = await startAt(stage, port);
      let isKilling = false;
      stage.repeat(500, async () => {
        if (isKilling) {
          // Seen by a scrape or two.
          await sleep(2_000);
          await kill(service);
          service = await startAt(stage, port);
        }
      });
      return {
        inject: () => {
          isKilling = true;
        },
        remove: () => {
          isKilling = false;
        },
      };
    },
  },
  {
    name: "blocked",
    fault: "work that never leaves the event loop in peace",
    alerts: [{ name: "EventLoopLag" }],
    async prepare(stage) {
      const faults = new PreloadedFaults(stage.folder);
      await stage.start({ environment: faults.environment });
      return { inject: () => faults.begin("block-event-loop"), remove: () => faults.end() };
    },
  },
  {
    name: "own-errors",
    fault: "code of the HTTP edge, of metrics and of a gauge that throws what nobody foresaw",
    alerts: [
      { name: "InternalErrors", labels: { where: "http" } },
      { name: "EventSubscriberFailing" },
      { name: "MetricReadFailing" },
    ],
    async prepare(stage) {
      const faults = new PreloadedFaults(stage.folder);
      const service = await stage.start({ environment: faults.environment });
      stage.repeat(300, async () => void (await stage.classify(service, ["Bonjour."])));
      return { inject: () => faults.begin("throw"), remove: () => faults.end() };
    },
  },
  {
    name: "unread-log",
    fault: "nobody reads the log of a service that is asked for unknown paths",
    alerts: [{ name: "LogLinesLost" }],
    async prepare(stage) {
      const service = await stage.start();
      let isFlooding = false;
      stage.repeat(10, async () => {
        const ask = (): Promise<number | null> => statusOf(fetch(`${service.url}/nowhere`));
        await Promise.all(Array.from({ length: isFlooding ? 200 : 0 }, ask));
      });
      return {
        inject: () => {
          service.child.stdout?.pause();
          isFlooding = true;
        },
        remove: () => {
          isFlooding = false;
          service.child.stdout?.resume();
        },
      };
    },
  },
];

/** Resolves when it listens. */
async function startAt(stage: Stage, port: number): Promise<ServiceProcess> {
  const service = stage.launch(port);
  await service.logged(({ event }) => event === "service_started");
  return service;
}

async function kill(service: ServiceProcess): Promise<void> {
  service.child.kill("SIGKILL");
  await service.exited;
}
