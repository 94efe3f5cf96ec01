import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { stringify } from "yaml";
import { ChildProgram, freePort } from "../../bench/child-program.ts";
import { runClosedLoop } from "../../bench/load/closed-loop.ts";
import type { LoadReport } from "../../bench/load/load-job.ts";
import type { Manifest } from "../../src/model-store/manifest.ts";
import { readManifest } from "../../src/model-store/model-folder.ts";
import { OperatorError } from "../../src/operator-error.ts";
import { readOrtProfile } from "./analysis/ort-profile.ts";
import type { InferenceProfile, Profile } from "./analysis/profile.ts";
import { defaults, type ProfileOptions } from "./options.ts";
import { machineMs } from "./recording/clock.ts";
import { type ApiRecording, apiFile, type InferenceRecording } from "./recording/recording.ts";
import { workload } from "./workload.ts";

export interface ProfileRun {
  readonly manifest: Manifest;
  readonly profile: Profile;
  /** What the client saw of the profiled service. */
  readonly profiled: LoadReport;
  /** What it saw of an ordinary one: half before, half after. */
  readonly plain: readonly LoadReport[];
}

const modelTasks = { classify: "text-classification", transcribe: "automatic-speech-recognition" } as const;

/** A run that outlives the usual limits is slow, not stuck: it is being watched. */
const patience = {
  SERVICE__PROCESSES__STOP_TIMEOUT_MS: "25000",
  SERVICE__SHUTDOWN__TIMEOUT_MS: "28000",
  SERVICE__RATE_LIMIT__ENABLED: "false",
  SERVICE__AUTH__MODE: "none",
};

/**
 * Sends the same requests to an ordinary service and to one that writes down what it does, first half of the ordinary ones,
 * then all profiled ones, then the other half: what the machine does meanwhile meets both. The service that waits is idle.
 * @throws OperatorError when the model folder is none, or is one for another task.
 */
export async function runProfile(options: ProfileOptions, progress: (line: string) => void): Promise<ProfileRun> {
  const { manifest } = await readManifest(resolve(options.model));
  if (manifest.task !== modelTasks[options.task]) {
    throw new OperatorError(`${options.model} is a model for ${manifest.task}, not for ${modelTasks[options.task]}`);
  }
  const recordings = mkdtempSync(join(tmpdir(), "profile-"));
  try {
    const { plain, profiled, window } = await measure(options, manifest, recordings, progress);
    return { manifest, plain, profiled, profile: readProfile(recordings, window) };
  } finally {
    rmSync(recordings, { recursive: true });
  }
}

async function measure(
  options: ProfileOptions,
  manifest: Manifest,
  recordings: string,
  progress: (line: string) => void,
): Promise<Pick<ProfileRun, "plain" | "profiled"> & Pick<Profile, "window">> {
  const { requests, warmUp } = options;
  const probe = join(recordings, "probe.mjs");
  writeFileSync(probe, probeModule(manifest.plugin, recordings));
  progress("starting the service twice: as it is, and with profiling");
  await using plain = await start(options, manifest, recordings, ["src/main.ts"], []);
  const entry = ["tools/profile/recording/profiled-service.ts", recordings];
  await using profiled = await start(options, manifest, recordings, entry, [probe]);
  const send = (service: ChildProgram, count: number): Promise<LoadReport> => {
    const limit = { requests: count };
    const job = { kind: "closed", port: service.port, connections: options.concurrency, limit } as const;
    return runClosedLoop({ ...job, texts: 0, keepsBodies: false }, workload(options.task, service.port, options.audio));
  };
  progress("sending requests");
  await send(plain, warmUp);
  await send(profiled, warmUp);
  const before = await send(plain, Math.ceil(requests / 2));
  const startMs = machineMs();
  const report = await send(profiled, requests);
  const endMs = machineMs();
  const after = await send(plain, Math.ceil(requests / 2));
  progress("stopping the services, which write down what they recorded");
  return { plain: [before, after], profiled: report, window: { startMs, endMs } };
}

/** An inference process gets nothing but its settings, so the folder stands in the module. */
function probeModule(plugin: string, folder: string): string {
  const probe = pathToFileURL(join(import.meta.dirname, "recording/inference-probe.ts")).href;
  return (
    `import { profiledPlugin } from ${JSON.stringify(probe)};\n` +
    `export const plugin = await profiledPlugin(${JSON.stringify(plugin)}, ${JSON.stringify(folder)});\n`
  );
}

async function start(
  { task, model, instances }: ProfileOptions,
  { name }: Manifest,
  folder: string,
  entry: readonly string[],
  plugins: readonly string[],
): Promise<ChildProgram> {
  const port = await freePort();
  const modelsFile = join(folder, `models-${port}.yaml`);
  // A service has to have a model for texts.
  const others = task === "classify" ? [] : [{ folder: defaults.classify.model, instances: 1, spares: 0 }];
  const profiled = { folder: resolve(model), instances, spares: 0, plugins };
  writeFileSync(modelsFile, stringify({ models: [profiled, ...others] }));
  return ChildProgram.start({
    command: [process.execPath, ...entry],
    environment: {
      ...patience,
      [`SERVICE__${task.toUpperCase()}__MODEL`]: name,
      MODELS_FILE: modelsFile,
      HOST: "127.0.0.1",
      PORT: String(port),
      LOG_LEVEL: "warn",
    },
    readyPath: "/readyz",
    readyStatus: 200,
    port,
  });
}

/** @throws Error when a process ended without writing down what it recorded. */
function readProfile(folder: string, window: Profile["window"]): Profile {
  const names = readdirSync(folder);
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
  if (!names.includes(apiFile)) {
    throw new Error("the API process left no recording: it did not stop in time");
  }
  const inference = names
    .filter((name) => /^inference-\d+\.json$/.test(name))
    .map((name): InferenceProfile => {
      const recording = read(name) as InferenceRecording;
      return { recording, graphs: recording.sessions.map(readOrtProfile) };
    });
  const api = read(apiFile) as ApiRecording;
  // The client has an answer before the service knows that it has left.
  const endMs = Math.max(window.endMs, ...api.requests.map((request) => request.endMs));
  return { api, inference, window: { ...window, endMs } };
}
