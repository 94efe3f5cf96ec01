import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Drill } from "../drill.ts";
import { changeModel } from "../stage.ts";
import { patientProcesses } from "./objectives.ts";

/** Models that cannot be loaded, compute nonsense, stand still or die. */
export const processDrills: readonly Drill[] = [
  {
    name: "stuck",
    fault: "SIGSTOP of the only inference process while requests wait",
    alerts: [{ name: "QueueOld" }],
    async prepare(stage) {
      const service = await stage.start({ settings: patientProcesses });
      const [pid = 0] = service.inferencePids();
      return {
        inject: () => {
          process.kill(pid, "SIGSTOP");
          stage.repeat(1_000, () => void stage.classify(service, ["Bonjour."], 120_000));
        },
        remove: () => void process.kill(pid, "SIGCONT"),
      };
    },
  },
  {
    name: "killed",
    fault: "SIGKILL of every inference process, again and again",
    alerts: [{ name: "InferenceProcessRestarts" }],
    async prepare(stage) {
      const service = await stage.start();
      let isKilling = false;
      stage.repeat(500, () => {
        for (const pid of isKilling ? service.inferencePids() : []) {
          process.kill(pid, "SIGKILL");
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
    name: "damaged",
    fault: "the model's file is cut off, and its process killed",
    alerts: [{ name: "ModelCircuitOpen" }, { name: "ModelNotReady" }],
    async prepare(stage) {
      const folder = join(stage.folder, "model");
      cpSync("models/camembert-toxicity-fr", folder, { recursive: true });
      const graph = join(folder, "onnx/model_quantized.onnx");
      const whole = readFileSync(graph);
      const settings = { processes: { giveUpAfterFailures: 2, giveUpRetryMs: 1_000 } };
      const service = await stage.start({ settings, model: { folder } });
      return {
        inject: () => {
          writeFileSync(graph, whole.subarray(0, 1_000));
          service.inferencePids().forEach((pid) => process.kill(pid, "SIGKILL"));
        },
        remove: () => writeFileSync(graph, whole),
      };
    },
  },
  {
    name: "not-a-number",
    fault: "a plugin whose answers are NaN",
    alerts: [{ name: "InvalidPredictions" }],
    async prepare(stage) {
      const service = await stage.start();
      stage.sendTexts(service, 10);
      return {
        inject: () => changeModel(service, { plugins: ["test/fixtures/plugins/returns-nan.ts"] }),
        remove: () => changeModel(service, { plugins: [] }),
      };
    },
  },
];
