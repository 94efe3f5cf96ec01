import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../bench/child-program.ts";
import type { ServiceProcess } from "../../../test/helpers/service-process.ts";
import type { Drill } from "../drill.ts";
import { PipelinedRequests } from "../pipelined-requests.ts";
import { PreloadedFaults } from "../preloaded-faults.ts";
import type { Stage } from "../stage.ts";
import { repeatedFault } from "./repeated-fault.ts";

/** Whether the service is there, and tells the whole truth of itself. */
export const serviceDrills: readonly Drill[] = [
  {
    name: "unread-log",
    fault: "nobody reads the log of a service that is asked for unknown paths",
    alerts: [{ name: "LogLinesLost" }],
    async prepare(stage) {
      const port = await freePort();
      const service = await startAt(stage, port);
      let flood: PipelinedRequests | null = null;
      return {
        inject: () => {
          service.child.stdout?.pause();
          flood = stage.use(new PipelinedRequests(port, "/nowhere"));
        },
        remove: async () => {
          await flood?.[Symbol.asyncDispose]();
          service.child.stdout?.resume();
        },
      };
    },
  },
  {
    name: "down",
    fault: "SIGKILL of the API process",
    alerts: [{ name: "ServiceDown" }, { name: "InstanceDown" }],
    async prepare(stage) {
      const port = await freePort();
      const service = await startAt(stage, port);
      return {
        inject: () => kill(service),
        remove: async () => {
          await startAt(stage, port);
        },
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
    fault: "SIGKILL of the API process again and again, and a new one each time",
    alerts: [{ name: "ServiceRestarts" }],
    async prepare(stage) {
      const port = await freePort();
      let service = await startAt(stage, port);
      return repeatedFault(stage, 0, async () => {
        await kill(service);
        service = await startAt(stage, port);
        // Long enough for a scrape or two.
        await sleep(2_000);
      });
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
    fault: "code of a task, of metrics and of a gauge throws what nobody foresaw",
    alerts: [
      { name: "InternalErrors", labels: { where: "http" } },
      { name: "EventSubscriberFailing" },
      { name: "MetricReadFailing" },
    ],
    async prepare(stage) {
      const faults = new PreloadedFaults(stage.folder);
      const service = await stage.start({ environment: faults.environment });
      stage.sendTexts(service, 10);
      return { inject: () => faults.begin("throw"), remove: () => faults.end() };
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
