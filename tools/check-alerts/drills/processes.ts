import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nanFile } from "../../../test/fixtures/plugins/folder-faults.ts";
import { crashing } from "../../../test/fixtures/plugins/triggers.ts";
import { descendants } from "../../../test/helpers/process-facts.ts";
import type { Drill } from "../drill.ts";
import { changeModel, type Stage } from "../stage.ts";
import { patientProcesses } from "./objectives.ts";
import { repeatedFault } from "./repeated-fault.ts";

/** Characters of which each is a word of its own, and slow to tokenize. */
const slowText = "的".repeat(10_000);
const mebibyte = 1024 * 1024;

/** Models that cannot be loaded, compute nonsense, stand still, leak or die; and the other processes and threads. */
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
          // One is run, and the other waits.
          void stage.classify(service, ["Bonjour."], 120_000);
          void stage.classify(service, ["Bonsoir."], 120_000);
          stage.repeat(1_000, () => void stage.classify(service, ["Bonne nuit."], 120_000));
        },
        remove: () => void process.kill(pid, "SIGCONT"),
      };
    },
  },
  {
    name: "leak",
    fault: "a plugin that keeps 60 MiB a second, and may have its process replaced four times",
    alerts: [{ name: "MemoryExhaustionForecast" }, { name: "MemoryReplacements" }, { name: "MemoryWatchOpen" }],
    async prepare(stage) {
      const memory = {
        sampleMs: 40,
        windowSamples: 32,
        horizonSeconds: 5,
        processLimitBytes: 480 * mebibyte,
        maxReplacementsPerHour: 4,
      };
      const service = await stage.start({ settings: { memory }, model: { spares: 1 } });
      stage.sendTexts(service, 50);
      return {
        inject: () => changeModel(service, { plugins: ["test/fixtures/plugins/leaks.ts"] }),
        remove: () => changeModel(service, { plugins: [] }),
      };
    },
  },
  {
    name: "killed",
    fault: "SIGKILL of every inference process, again and again",
    alerts: [{ name: "InferenceProcessRestarts" }],
    async prepare(stage) {
      const service = await stage.start();
      return repeatedFault(stage, 500, () => service.inferencePids().forEach(kill));
    },
  },
  {
    name: "damaged",
    fault: "the model's file is cut off, and its process killed",
    alerts: [{ name: "ModelCircuitOpen" }, { name: "ModelNotReady" }],
    async prepare(stage) {
      const folder = copyModel(stage);
      const graph = join(folder, "onnx/model_quantized.onnx");
      const whole = readFileSync(graph);
      const settings = { processes: { giveUpAfterFailures: 2, giveUpRetryMs: 1_000 } };
      const service = await stage.start({ settings, model: { folder } });
      return {
        inject: () => {
          writeFileSync(graph, whole.subarray(0, 1_000));
          service.inferencePids().forEach(kill);
        },
        remove: () => writeFileSync(graph, whole),
      };
    },
  },
  {
    name: "not-a-number",
    fault: "a plugin whose answers become NaN",
    alerts: [{ name: "InvalidPredictions" }, { name: "ModelCanaryFailing" }],
    async prepare(stage) {
      const folder = copyModel(stage);
      const plugins = ["test/fixtures/plugins/obeys-its-folder.ts"];
      const service = await stage.start({ settings: { health: { periodMs: 1_000 } }, model: { folder, plugins } });
      stage.sendTexts(service, 10);
      const order = join(folder, nanFile);
      return { inject: () => writeFileSync(order, ""), remove: () => rmSync(order) };
    },
  },
  {
    name: "no-gpu",
    fault: "a model of 8 bits that is told to compute on a GPU, which is not there or cannot",
    alerts: [{ name: "ProviderFellBack" }],
    async prepare(stage) {
      const service = await stage.start();
      return {
        inject: () => changeModel(service, { executionProvider: "cuda" }),
        remove: () => changeModel(service, { executionProvider: "cpu" }),
      };
    },
  },
  {
    name: "no-memory",
    fault: "a plugin that has no memory for some texts",
    alerts: [{ name: "TooLittleMemoryForRuns" }],
    async prepare(stage) {
      const service = await stage.start({ model: { plugins: ["test/fixtures/plugins/lacks-memory-always.ts"] } });
      return repeatedFault(stage, 200, async () => {
        await stage.classify(service, [crashing.text]);
      });
    },
  },
  {
    name: "slow-texts",
    fault: "texts that take longer than the tokenizer may",
    alerts: [{ name: "TextWorkerRestarts" }],
    async prepare(stage) {
      const service = await stage.start({ settings: { text: { timeLimitMs: 10 } } });
      return repeatedFault(stage, 100, async () => {
        await stage.classify(service, [slowText]);
      });
    },
  },
  {
    name: "audio",
    fault: "SIGKILL of every audio process while uploads arrive",
    alerts: [{ name: "AudioProcessCrashes" }],
    async prepare(stage) {
      const service = await stage.start({ hears: true, settings: { audio: { spares: 0 } } });
      const apiPid = service.child.pid ?? 0;
      return repeatedFault(stage, 200, async () => {
        const over = stage.upload(service);
        while (!(await over.isOver(100))) {
          descendants(apiPid, "src/audio/main.ts").forEach(kill);
        }
      });
    },
  },
];

/** The folder of a copy of the model that classifies. */
function copyModel(stage: Stage): string {
  const folder = join(stage.folder, "model");
  cpSync("models/camembert-toxicity-fr", folder, { recursive: true });
  return folder;
}

/** SIGKILL. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself meanwhile.
  }
}
