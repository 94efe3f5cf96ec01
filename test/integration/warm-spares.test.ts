import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { AudioProcess } from "../../src/processes/audio-process.ts";
import type { AudioWorker } from "../../src/processes/audio-worker.ts";
import { FfmpegWorker } from "../../src/processes/ffmpeg-worker.ts";
import { SpoolFile } from "../../src/processes/spool-file.ts";
import { WarmSpares } from "../../src/processes/warm-spares.ts";
import { childProcesses } from "../helpers/child-processes.ts";
import { fixtureProgram } from "../helpers/fixture-program.ts";
import { waitUntil } from "../helpers/process-facts.ts";
import { whisperWindows } from "../helpers/window-shapes.ts";

const failing = fixtureProgram("exits-at-once");
const waiting = fixtureProgram("never-ends");

test("processes that end before they are ready are counted, told, and tried ever more slowly", async () => {
  const { spares, failures, starts } = createSpares(
    ({ readDescriptor }) =>
      new AudioProcess({ sandbox: [], program: failing, samples: "ignore", uploadDescriptor: readDescriptor }),
  );
  spares.fill();
  await waitUntil(() => failures.length === 2, "two have failed");
  expect(starts()).toBe(2);
  expect(String(failures[0])).toContain(
    "an audio process ended before it was ready (exit code 3, signal null): no library",
  );
  await setTimeout(500);
  expect(starts()).toBe(2);
});

test.each([
  ["the audio process", failing, waiting, "an audio process ended before it was ready (exit code 3"],
  ["FFmpeg", waiting, failing, "ffmpeg ended before it had work (exit code 3, signal null): no library"],
])("when %s fails, the other half is ended, and both are tried again", async (_, audio, ffmpeg, message) => {
  const programs = { audio, ffmpegOnPipe: ffmpeg, ffmpegOnFile: ffmpeg, probes: [] };
  const { spares, failures, starts } = createSpares((upload) => new FfmpegWorker([], programs, upload, false));
  spares.fill();
  await waitUntil(() => failures.length === 1, "one has failed");
  expect(String(failures[0])).toContain(message);
  await waitUntil(() => childProcesses().length === 0, "no half is left");
  expect(starts()).toBe(1);
  await waitUntil(() => failures.length === 2, "the next has failed too");
  expect(starts()).toBe(2);
});

test("an upload that cannot be read ends the worker that waits for it", async () => {
  const upload = new SpoolFile();
  onTestFinished(() => upload.close());
  upload.read = () => Promise.reject(Object.assign(new Error("input/output error"), { code: "EIO" }));
  const programs = { audio: waiting, ffmpegOnPipe: waiting, ffmpegOnFile: waiting, probes: [] };
  const worker = new FfmpegWorker([], programs, upload, false);
  onTestFinished(() => worker.kill());
  const work = { maxSeconds: 60, needsWholeFile: false, isStreamed: false, deliveredWindows: 0 } as const;
  worker.begin({ windows: whisperWindows, ...work }, 60_000);
  expect(await worker.exited).toMatchObject({ signal: "SIGKILL", wasKilled: true });
});

function createSpares(startWorker: (upload: SpoolFile) => AudioWorker) {
  const failures: unknown[] = [];
  let starts = 0;
  const spares = new WarmSpares({
    count: 1,
    startWorker: (upload) => {
      starts++;
      return startWorker(upload);
    },
    onFailure: (error) => failures.push(error),
  });
  onTestFinished(async () => {
    spares.close();
    await waitUntil(() => childProcesses().length === 0, "no process is left");
  });
  return { spares, failures, starts: () => starts };
}
