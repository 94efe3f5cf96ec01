import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { freePort } from "../../../bench/child-program.ts";
import type { Drill } from "../drill.ts";

const mebibyte = 1024 * 1024;

/** What the service needs around it: facts about the machine, disk, and a place for its spans. */
export const machineDrills: readonly Drill[] = [
  {
    name: "gpu-driver",
    fault: "an nvidia-smi that fails",
    alerts: [{ name: "CollectorFailing", labels: { collector: "gpu" } }],
    async prepare(stage) {
      const folder = join(stage.folder, "bin");
      const command = join(folder, "nvidia-smi");
      mkdirSync(folder);
      const environment = { PATH: `${folder}:${process.env["PATH"] ?? ""}` };
      await stage.start({ settings: { health: { periodMs: 1_000 } }, environment });
      return {
        inject: () => {
          writeFileSync(command, "#!/bin/sh\nexit 9\n");
          chmodSync(command, 0o755);
        },
        remove: () => rmSync(command),
      };
    },
  },
  {
    name: "full-disk",
    fault: "a file that fills the disk for uploads",
    alerts: [{ name: "SpoolNearlyFull" }],
    lacks: process.getuid?.() === 0 ? null : "only root can mount a disk",
    async prepare(stage) {
      const folder = join(stage.folder, "spool");
      const filler = join(folder, "filler");
      mkdirSync(folder);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1100m", "tmpfs", folder]);
      stage.defer(() => void execFileSync("umount", ["--lazy", folder]));
      await stage.start({ settings: { health: { periodMs: 1_000 } }, environment: { TMPDIR: folder } });
      return { inject: () => writeFileSync(filler, Buffer.alloc(100 * mebibyte)), remove: () => rmSync(filler) };
    },
  },
  {
    name: "lost-spans",
    fault: "a collector of spans that refuses them",
    alerts: [{ name: "TraceSpansDropped" }],
    async prepare(stage) {
      const port = await freePort();
      let status = 200;
      const collector = createServer((request, response) => {
        request.resume().once("end", () => response.writeHead(status).end());
      }).listen(port, "127.0.0.1");
      stage.defer(() => {
        collector.close();
        collector.closeAllConnections();
      });
      const service = await stage.start({
        environment: {
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
          OTEL_BSP_SCHEDULE_DELAY: "500",
        },
      });
      stage.sendTexts(service, 10);
      return {
        inject: () => {
          status = 400;
        },
        remove: () => {
          status = 200;
        },
      };
    },
  },
];
