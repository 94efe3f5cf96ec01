import { monotonicMs } from "../processes/monotonic-clock.ts";
import {
  type ChildMessage,
  type LoadMessage,
  type ParentMessage,
  type RunMessage,
  toWireError,
} from "../processes/protocol.ts";
import type { LoadedModel } from "./plugin.ts";
import { findPlugin } from "./plugins/registry.ts";
import { classifyRunFailure } from "./run-failure.ts";
import { RunTurns } from "./run-turns.ts";
import { timeModel } from "./time-runs.ts";

/**
 * Entry of an inference process: loads one model, warms it up, says ready, then answers runs. Those of several steps
 * take turns; a run of one step is over before the next begins, because ONNX Runtime blocks the thread.
 */

let model: LoadedModel | null = null;
/** Ids of the runs that somebody waits for. */
const wantedRuns = new Set<number>();
const turns = new RunTurns();

process.on("message", (message: ParentMessage) => {
  switch (message.type) {
    case "load":
      void load(message);
      break;
    case "run":
      void run(message);
      break;
    case "cancel":
      wantedRuns.delete(message.id);
      break;
  }
});
// The parent is gone or wants us gone. A child stuck in native code never gets here: `--pdeathsig` ends it.
process.on("disconnect", () => process.exit(0));
// Ctrl-C and service managers signal the whole group; the parent decides when accepted work is done.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

async function load({ modelFolder, manifest, session, pluginModules, timing: order }: LoadMessage): Promise<void> {
  try {
    const plugin = await findPlugin(manifest.plugin, pluginModules);
    const unsupported = plugin.unsupportedReason(manifest);
    if (unsupported !== null) {
      throw new Error(`plugin ${plugin.name} cannot run ${manifest.name}: ${unsupported}`);
    }
    model = await plugin.load(modelFolder, manifest, session);
    await model.warmUp();
    const timing = order === undefined ? null : await timeModel(model, order, monotonicMs);
    const { device, answersInOneRun = false } = model;
    send({ type: "ready", device, answersInOneRun, ...(timing === null ? {} : { timing }) });
  } catch (error) {
    send({ type: "load_failed", error: toWireError(error) }, () => process.exit(1));
  }
}

async function run({ id, inputs }: RunMessage): Promise<void> {
  const startedAt = monotonicMs();
  const turn = turns.begin();
  wantedRuns.add(id);
  const reportProgress = async (): Promise<void> => {
    await turn.next();
    if (!wantedRuns.has(id)) {
      throw new Error("the run was cancelled");
    }
    send({ type: "progress", id });
  };
  try {
    if (model === null) {
      throw new Error("a run came before the model was loaded");
    }
    const outputs = await model.run(inputs, reportProgress);
    send({ type: "result", id, outputs, inferenceMs: monotonicMs() - startedAt, startedAt });
  } catch (error) {
    send({ type: "run_failed", id, kind: classifyRunFailure(error), error: toWireError(error) });
  } finally {
    wantedRuns.delete(id);
    turn.end();
  }
}

function send(message: ChildMessage, sent?: () => void): void {
  process.send?.(message, undefined, undefined, sent);
}
