import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import type { AudioWindow } from "../../../src/processes/audio-processes.ts";
import type { AudioEnd, AudioWindowMessage } from "../../../src/processes/audio-protocol.ts";
import { AudioUpload } from "../../../src/processes/audio-upload.ts";
import { SpoolFile } from "../../../src/processes/spool-file.ts";
import { SpoolSpace } from "../../../src/processes/spool-space.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";
import { FakeWorker } from "../../helpers/fake-worker.ts";
import { readAll } from "../../helpers/read-all.ts";
import { requestIds } from "../../helpers/request-ids.ts";
import { whisperWindows } from "../../helpers/window-shapes.ts";

const end: AudioEnd = {
  type: "end",
  durationMs: 9000,
  speechMs: 4000,
  isCutOff: false,
  isDamaged: false,
  container: "wav",
  codec: "pcm_s16le",
  decodeMs: 1,
  voiceActivityMs: 2,
  featuresMs: 3,
};

test("windows are handed out in order, then the summary", async () => {
  const { upload, worker, progress } = await startUpload();
  sendWindow(worker, 0, [[0, 1000, 0]]);
  worker.send({ type: "progress", decodedMs: 700 });
  sendWindow(worker, 1, [
    [2000, 3000, 0],
    [3000, 4000, 1500],
  ]);
  worker.send(end);
  const windows = await readAll(upload.windows);
  expect(windows.map(({ index, segments }) => [index, segments.length])).toEqual([
    [0, 1],
    [1, 2],
  ]);
  expect(windows[1]?.segments[1]).toEqual({ startMs: 3000, endMs: 4000, windowStartMs: 1500 });
  expect(windows[0]?.features).toHaveLength(80 * 1500);
  expect(progress).toEqual([700]);
  expect(await upload.summary).toMatchObject({ durationMs: 9000, speechMs: 4000, isPartial: false, container: "wav" });
  expect(worker.wasKilled).toBe(true);
});

test("work begins when the start of the upload is there, and growth is told", async () => {
  const worker = new FakeWorker();
  const { upload } = createUpload(worker);
  void firstWindow(upload);
  worker.becomeReady();
  await upload.write(Buffer.from("RIFF"));
  await setImmediate();
  expect(worker.start).toBeNull();
  await upload.write(Buffer.from("1234WAVE"));
  await vi.waitFor(() => expect(worker.start).not.toBeNull());
  expect(worker.start).toEqual({
    windows: whisperWindows,
    maxSeconds: 60,
    needsWholeFile: false,
    isStreamed: true,
    deliveredWindows: 0,
  });
  expect(worker.growth).toBe(2);
});

test("a file that must be read whole is decoded when it is complete", async () => {
  const worker = new FakeWorker();
  const { upload } = createUpload(worker);
  void firstWindow(upload);
  worker.becomeReady();
  await upload.write(movieWithIndexLast());
  await setImmediate();
  expect(worker.start).toBeNull();
  upload.end();
  await vi.waitFor(() => expect(worker.start).toMatchObject({ needsWholeFile: true }));
});

test("a worker that cannot seek is replaced by one that can", async () => {
  const pipe = new FakeWorker(false);
  const { upload, started } = createUpload(pipe);
  void firstWindow(upload);
  await upload.write(movieWithIndexLast());
  upload.end();
  await vi.waitFor(() => expect(started).toHaveLength(1));
  expect(pipe.wasKilled).toBe(true);
  started[0]?.becomeReady();
  await vi.waitFor(() => expect(started[0]?.start).toMatchObject({ needsWholeFile: true }));
});

test("after a kill another worker goes on behind the windows that were handed out", async () => {
  const { upload, worker, started, events } = await startUpload();
  const windows = upload.windows[Symbol.asyncIterator]();
  sendWindow(worker, 0, [[0, 1000, 0]]);
  await windows.next();
  worker.end("SIGKILL");
  const next = windows.next();
  await vi.waitFor(() => expect(started).toHaveLength(1));
  started[0]?.becomeReady();
  await vi.waitFor(() => expect(started[0]?.start?.deliveredWindows).toBe(1));
  sendWindow(started[0], 1, [[1000, 2000, 0]]);
  expect((await next).value).toMatchObject({ index: 1 });
  expect(events).toEqual([
    { ...requestIds("request"), pid: 4711, exitCode: null, signal: "SIGKILL", isReplaced: true },
  ]);
});

test("a window that was on its way when the worker died is handed out once", async () => {
  const { upload, worker, started } = await startUpload();
  sendWindow(worker, 0, [[0, 1000, 0]]);
  worker.end("SIGSEGV");
  const windows = upload.windows[Symbol.asyncIterator]();
  expect((await windows.next()).value).toMatchObject({ index: 0 });
  const rest = windows.next();
  await vi.waitFor(() => expect(started).toHaveLength(1));
  started[0]?.becomeReady();
  await vi.waitFor(() => expect(started[0]?.start?.deliveredWindows).toBe(1));
  started[0]?.send(end);
  expect((await rest).done).toBe(true);
});

test("a second death fails the upload", async () => {
  const { upload, worker, started, events } = await startUpload();
  worker.end("SIGSEGV");
  const failure = failureOf(upload);
  await vi.waitFor(() => expect(started).toHaveLength(1));
  started[0]?.fail("broken");
  expect(await failure).toMatchObject({ code: "internal_error" });
  expect(events.map(({ isReplaced }) => isReplaced)).toEqual([true, false]);
});

test.each([
  ["a number out of turn", (worker: FakeWorker) => sendWindow(worker, 1, [[0, 1000, 0]])],
  [
    "features of another size",
    (worker: FakeWorker) => worker.send(windowMessage(0, [[0, 1000, 0]]), new Float32Array(80)),
  ],
  ["fewer columns than the shape of windows allows", (worker: FakeWorker) => sendColumns(worker, 1498)],
  ["a number of columns between two that it allows", (worker: FakeWorker) => sendColumns(worker, 1501)],
  ["more columns than it allows", (worker: FakeWorker) => sendColumns(worker, 3002)],
  ["a segment without length", (worker: FakeWorker) => sendWindow(worker, 0, [[1000, 1000, 0]])],
  [
    "segments out of order",
    (worker: FakeWorker) =>
      sendWindow(worker, 0, [
        [1000, 2000, 0],
        [500, 900, 1500],
      ]),
  ],
])("a window that contradicts itself ends the worker: %s", async (_, misbehave) => {
  const { upload, worker } = await startUpload();
  misbehave(worker);
  expect(await failureOf(upload)).toMatchObject({ code: "internal_error" });
  expect(worker.wasKilled).toBe(true);
});

test.each([
  ["not_audio", "unsupported_media_type"],
  ["codec_not_allowed", "unsupported_media_type"],
  ["absurd_parameters", "unsupported_media_type"],
  ["no_audio_track", "empty_audio"],
  ["no_samples", "empty_audio"],
  ["too_long", "audio_too_long"],
  ["internal", "internal_error"],
] as const)("the fault %s is told as %s, and nothing is tried again", async (fault, code) => {
  const { upload, worker, started } = await startUpload();
  worker.send({ type: "failed", fault });
  expect(await failureOf(upload)).toMatchObject({ code });
  await expect(upload.summary).rejects.toMatchObject({ code });
  expect(started).toEqual([]);
});

test("an upload that is too large fails while nobody reads its windows", async () => {
  const { upload, worker, closed } = await startUpload();
  await upload.write(Buffer.alloc(2000));
  await expect(upload.summary).rejects.toMatchObject({ code: "payload_too_large" });
  expect(worker.wasKilled).toBe(true);
  expect(closed()).toBe(1);
  expect(await failureOf(upload)).toMatchObject({ code: "payload_too_large" });
});

test("the end of the request ends the worker at once, with the request's reason", async () => {
  const { upload, worker, controller, events, closed } = await startUpload();
  const failure = failureOf(upload);
  controller.abort(new ServiceError("client_closed_request", "gone"));
  expect(worker.wasKilled).toBe(true);
  expect(await failure).toMatchObject({ code: "client_closed_request" });
  expect(events).toEqual([]);
  expect(closed()).toBe(1);
});

test("closing ends everything once, and writing afterwards does nothing", async () => {
  const { upload, worker, closed } = await startUpload();
  upload.close();
  upload.close();
  await upload.write(Buffer.alloc(10));
  upload.end();
  expect(worker.wasKilled).toBe(true);
  expect(closed()).toBe(1);
  expect(await failureOf(upload)).toMatchObject({ code: "internal_error" });
});

test("a reader that leaves ends everything", async () => {
  const { upload, worker, closed } = await startUpload();
  sendWindow(worker, 0, [[0, 1000, 0]]);
  for await (const window of upload.windows) {
    expect(window.index).toBe(0);
    break;
  }
  expect(worker.wasKilled).toBe(true);
  expect(closed()).toBe(1);
});

test("a worker that has all of the upload and stays silent is killed; one that still waits for it is not", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { upload, worker } = await startUpload();
  void failureOf(upload);
  await setImmediate();
  vi.advanceTimersByTime(89_900);
  expect(worker.wasKilled).toBe(false);
  upload.end();
  await setImmediate();
  vi.advanceTimersByTime(29_900);
  expect(worker.wasKilled).toBe(false);
  vi.advanceTimersByTime(30_200);
  expect(worker.wasKilled).toBe(true);
});

type Segments = AudioWindowMessage["segments"];

/** An upload whose worker is at work; the start of its sound is there. */
async function startUpload() {
  const worker = new FakeWorker();
  const setup = createUpload(worker);
  worker.becomeReady();
  await setup.upload.write(Buffer.from("RIFF1234WAVE"));
  return { ...setup, worker };
}

function createUpload(worker: FakeWorker) {
  const controller = new AbortController();
  const started: FakeWorker[] = [];
  const progress: number[] = [];
  const events = strictEventBus();
  const crashes = collectEvents(events, "audio_process_crashed");
  let closings = 0;
  const upload = new AudioUpload({
    audio: { windows: whisperWindows, maxSeconds: 60, maxBytes: 1000, isStreamed: true },
    request: {
      ...requestIds("request"),
      signal: controller.signal,
      onProgress: (decodedMs) => progress.push(decodedMs),
    },
    spare: { worker, upload: new SpoolFile() },
    space: new SpoolSpace(() => 1_000_000),
    events,
    startWorker: () => {
      const replacement = new FakeWorker();
      started.push(replacement);
      return replacement;
    },
    onClosed: () => closings++,
  });
  onTestFinished(() => upload.close());
  return { upload, controller, started, progress, events: crashes, closed: () => closings };
}

function windowMessage(index: number, segments: Segments): AudioWindowMessage {
  return { type: "window", index, frames: 1500, segments };
}

function sendWindow(worker: FakeWorker | undefined, index: number, segments: Segments): void {
  worker?.send(windowMessage(index, segments), new Float32Array(80 * 1500));
}

function sendColumns(worker: FakeWorker, frames: number): void {
  worker.send({ ...windowMessage(0, [[0, 1000, 0]]), frames }, new Float32Array(80 * frames));
}

async function firstWindow(upload: AudioUpload): Promise<AudioWindow | null> {
  try {
    const { value, done } = await upload.windows[Symbol.asyncIterator]().next();
    return done === true ? null : value;
  } catch {
    // The test closes the upload at its end.
    return null;
  }
}

async function failureOf(upload: AudioUpload): Promise<unknown> {
  try {
    await readAll(upload.windows);
  } catch (error) {
    return error;
  }
  throw new Error("the windows ended without a failure");
}

/** An MP4 file whose sound comes first. */
function movieWithIndexLast(): Buffer {
  return Buffer.concat([box("ftyp"), box("mdat"), box("moov")]);
}

function box(type: string): Buffer {
  return Buffer.concat([Buffer.of(0, 0, 0, 24), Buffer.from(type), Buffer.alloc(16)]);
}
