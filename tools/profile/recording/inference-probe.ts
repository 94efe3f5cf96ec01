import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type * as OnnxRuntime from "onnxruntime-node";
import { loadOnnxRuntime } from "../../../src/inference/load-onnx-runtime.ts";
import type { LoadedModel, Plugin } from "../../../src/inference/plugin.ts";
import { findPlugin } from "../../../src/inference/plugins/registry.ts";
import { machineMs } from "./clock.ts";
import { ProcessRecorder } from "./process-recorder.ts";
import { type InferenceRecording, type Interval, inferenceFile, type SessionRecord } from "./recording.ts";

/** The one that the process computes with. */
const { InferenceSession } = await loadOnnxRuntime();
type InferenceSession = OnnxRuntime.InferenceSession;

/**
 * The built-in plugin of that name, for an inference process that profiles itself: ONNX Runtime writes its own profile of
 * every graph into `folder`, and this process, when it ends, what else it recorded.
 *
 * It comes in through the setting `plugins` of a model, so the service has no code for it.
 * @throws Error when there is no plugin of that name.
 */
export async function profiledPlugin(name: string, folder: string): Promise<Plugin> {
  const plugin = await findPlugin(name, []);
  return {
    ...plugin,
    load: async (modelFolder, manifest, settings) => {
      const sessions = profileSessions(modelFolder, folder);
      const model = await plugin.load(modelFolder, manifest, settings);
      const runs: Interval[] = [];
      let recorder: ProcessRecorder | null = null;
      process.once("exit", () => {
        sessions.end();
        if (recorder !== null) {
          const recording: InferenceRecording = {
            ...recorder.finish(),
            model: manifest.name,
            runs,
            sessions: sessions.records,
          };
          writeFileSync(join(folder, inferenceFile(process.pid)), JSON.stringify(recording));
        }
      });
      return {
        ...model,
        run: async (...args: Parameters<LoadedModel["run"]>) => {
          recorder ??= new ProcessRecorder();
          return timed(runs, () => model.run(...args));
        },
      };
    },
  };
}

interface ProfiledSessions {
  readonly records: readonly SessionRecord[];
  /** Has ONNX Runtime write its profiles; without being told it leaves them empty when the process exits. */
  end(): void;
}

/** From now on every session of this process is opened with ONNX Runtime's profiling, and its calls are timed. */
function profileSessions(modelFolder: string, folder: string): ProfiledSessions {
  const opened: InferenceSession[] = [];
  const records: SessionRecord[] = [];
  const create = InferenceSession.create.bind(InferenceSession);
  const createProfiled = async (
    file: string,
    options: OnnxRuntime.InferenceSession.SessionOptions,
  ): Promise<InferenceSession> => {
    const profilePrefix = join(folder, `graph-${process.pid}-${records.length}`);
    const calls: Interval[] = [];
    records.push({ graph: relative(modelFolder, file), profilePrefix, calls });
    const session = await create(file, { ...options, enableProfiling: true, profileFilePrefix: profilePrefix });
    const run = session.run.bind(session) as (...args: unknown[]) => ReturnType<InferenceSession["run"]>;
    session.run = (...args: unknown[]) => timed(calls, () => run(...args));
    opened.push(session);
    return session;
  };
  Object.defineProperty(InferenceSession, "create", { value: createProfiled });
  return { records, end: () => opened.forEach((session) => session.endProfiling()) };
}

async function timed<Result>(intervals: Interval[], work: () => Promise<Result>): Promise<Result> {
  const startMs = machineMs();
  try {
    return await work();
  } finally {
    intervals.push({ startMs, endMs: machineMs() });
  }
}
