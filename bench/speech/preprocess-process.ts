import { once } from "node:events";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load-config.ts";
import { EventBus } from "../../src/events.ts";
import { openModelFolder } from "../../src/model-store/model-folder.ts";
import { AudioProcesses } from "../../src/processes/audio-processes.ts";
import { openWhisperFamily } from "../../src/whisper-family.ts";
import { projectRoot } from "../project.ts";
import type { PreprocessJob, PreprocessReport } from "./preprocess-message.ts";

/** The audio stage of the service without the service: uploads to windows of features. */
const { config } = loadConfig();
const events = new EventBus((_event, error) => {
  throw error;
});
const audio = new AudioProcesses({ settings: () => config.audio, root: projectRoot, events });
await audio.start();
/** Those of Whisper. */
const { windows } = await openWhisperFamily(await openModelFolder(join(projectRoot, "models/whisper-base")), {
  chunksPerWindow: 1,
});
process.on("message", (job: PreprocessJob) => {
  void preprocess(job).then((report) => process.send?.(report));
});
process.once("disconnect", () => void audio.close());

async function preprocess({ path }: PreprocessJob): Promise<PreprocessReport> {
  const startedAt = performance.now();
  const { maxSeconds, maxUploadBytes: maxBytes } = config.audio;
  const ids = { requestId: "bench", traceId: "0".repeat(31) + "1", spanId: "0".repeat(15) + "1" };
  const request = { ...ids, signal: new AbortController().signal, onProgress: () => {} };
  const session = audio.open({ windows, maxSeconds, maxBytes, isStreamed: false }, request);
  const written = write(path, session);
  let count = 0;
  for await (const window of session.windows) {
    count = window.index + 1;
  }
  const { durationMs, decodeMs, voiceActivityMs, featuresMs } = await session.summary;
  await written;
  return {
    windows: count,
    audioMs: durationMs,
    wallMs: performance.now() - startedAt,
    decodeMs,
    voiceActivityMs,
    featuresMs,
  };
}

async function write(path: string, session: ReturnType<AudioProcesses["open"]>): Promise<void> {
  for await (const piece of createReadStream(path)) {
    await session.write(piece as Buffer);
  }
  session.end();
}

process.send?.("ready");
await once(process, "disconnect");
