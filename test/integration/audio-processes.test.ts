import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";
import { ServiceError } from "../../src/errors.ts";
import {
  type AudioOptions,
  AudioProcesses,
  type AudioSession,
  type AudioSettings,
  type AudioWindow,
} from "../../src/processes/audio-processes.ts";
import { missingDecoder } from "../../src/processes/missing-decoder.ts";
import { clip } from "../../tools/hostile-audio/clip.ts";
import { childProcesses } from "../helpers/child-processes.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { isAlive, killAll, waitUntil } from "../helpers/process-facts.ts";
import { readAll } from "../helpers/read-all.ts";
import { requestIds } from "../helpers/request-ids.ts";
import { silentFile, speechFile } from "../helpers/speech-file.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { voxtralWindows, whisperWindows } from "../helpers/window-shapes.ts";

const settings: AudioSettings = {
  decoder: "node-av",
  maxSeconds: 36_000,
  maxConcurrent: 4,
  spoolBytes: 100_000_000,
  sandbox: "auto",
  spares: 1,
};
const options = { windows: whisperWindows, maxSeconds: 36_000, maxBytes: 100_000_000, isStreamed: false } as const;
const decoders = (["node-av", "ffmpeg"] as const).filter((decoder) => missingDecoder(decoder, projectRoot) === null);

test("a decoder is installed", () => {
  expect(decoders).not.toEqual([]);
});

describe.each(decoders)("with %s", (decoder) => {
  const events = strictEventBus();
  const errors = collectEvents(events, "error_occurred");
  const crashes = collectEvents(events, "audio_process_crashed");
  const audio = new AudioProcesses({ settings: () => ({ ...settings, decoder }), root: projectRoot, events });

  beforeAll(() => audio.start());
  afterAll(async () => {
    await audio.close();
    // Whatever the tests did: nobody is left behind.
    expect(childProcesses()).toEqual([]);
    expect(errors).toEqual([]);
  });

  test("it says which layers hold, and takes uploads", () => {
    expect(audio.problem).toBeNull();
    expect(audio.refusal()).toBeNull();
    expect(audio.sandbox).toContain("prlimit");
  });

  // One sentence of 1.786 s in every format. A codec adds or leaves out a little at its ends, ADPCM a block.
  test.each([
    ["speech.wav", "wav", "pcm_s16le"],
    ["adpcm-ima.wav", "wav", "adpcm_ima_wav"],
    ["adpcm-ms.wav", "wav", "adpcm_ms"],
    ["mp3.mp3", "mp3", "mp3"],
    ["mp3-without-length.mp3", "mp3", "mp3"],
    ["flac.flac", "flac", "flac"],
    ["vorbis.ogg", "ogg", "vorbis"],
    ["opus.ogg", "ogg", "opus"],
    ["opus.webm", "matroska", "opus"],
    ["opus.caf", "caf", "opus"],
    ["aac.m4a", "mov", "aac"],
    ["aac-moov-first.m4a", "mov", "aac"],
    ["aac-fragmented.mp4", "mov", "aac"],
    ["aac.aac", "aac", "aac"],
    ["alac.m4a", "mov", "alac"],
    ["amr-nb.amr", "amr", "amr_nb"],
    ["amr-nb.3gp", "mov", "amr_nb"],
    ["amr-wb.amr", "amr", "amr_wb"],
    ["wma.asf", "asf", "wmav2"],
    ["h264-aac.mp4", "mov", "aac"],
    ["h264-opus.mkv", "matroska", "opus"],
    ["mpeg2-mp2.mpegts", "mpegts", "mp2"],
  ])("%s is decoded, and its speech found", async (name, container, codec) => {
    const { windows, summary } = await decode(clip(name));
    expect(windows.map(({ index, frames }) => [index, frames])).toEqual([[0, 1500]]);
    expect(windows[0]?.features).toHaveLength(80 * 1500);
    expect(windows[0]?.segments).toHaveLength(1);
    expect(windows[0]?.segments[0]?.windowStartMs).toBe(0);
    expect(summary).toMatchObject({ container, codec, isPartial: false, warnings: [] });
    expect(Math.abs(summary.durationMs - 1786)).toBeLessThanOrEqual(250);
    expect(summary.speechMs).toBeGreaterThan(1300);
  });

  // The same sentence, 0.07 s of silence at its start included.
  test.each([
    ["late-aac.mp4", 5732, 4007],
    ["late-fragmented.mp4", 5732, 4007],
    ["late-opus.mkv", 5726, 4007],
    ["gap-flac.mkv", 3786, 67],
    ["lie-flac.mkv", 1786, 67],
  ])("the times of %s are those that players show", async (name, durationMs, startMs) => {
    const { windows, summary } = await decode(timedFile(name));
    expect(Math.abs(summary.durationMs - durationMs)).toBeLessThan(50);
    const plain = await decode(clip("speech.wav"));
    const lateMs = startMs - 67;
    const [first, expected] = [windows[0]?.segments[0]?.startMs ?? 0, plain.windows[0]?.segments[0]?.startMs ?? 0];
    // Frames of the voice activity have 32 ms.
    expect(Math.abs(first - expected - lateMs)).toBeLessThanOrEqual(64);
    expect(summary.warnings).toEqual(name === "lie-flac.mkv" ? summary.warnings : []);
  });

  test("what a file says of itself is no damage", async () => {
    const { summary } = await decode(
      withTags(["title=partial file", "a\nFile ended prematurely\nError while decoding=b"]),
    );
    expect(summary).toMatchObject({ codec: "flac", isPartial: false, warnings: [] });
  });

  test("the time that decoding took does not contain the time that the upload took", async () => {
    const bytes = speechFile(["vm-intro.wav"], 0);
    const session = open();
    const reading = readAll(session.windows);
    await session.write(bytes.subarray(0, 100_000));
    await setTimeout(4000);
    await session.write(bytes.subarray(100_000));
    session.end();
    await reading;
    const { decodeMs } = await session.summary;
    expect(decodeMs).toBeGreaterThan(0);
    expect(decodeMs).toBeLessThan(2500);
  });

  test("PCM of 24 bits, of floats, and of many channels is decoded to the same speech", async () => {
    const files = [pcm(3, 1), pcm(4, 1), pcm(2, 2), pcm(2, 6)];
    for (const file of files) {
      const { windows, summary } = await decode(file);
      expect(windows).toHaveLength(1);
      expect(summary).toMatchObject({ durationMs: 1786, isPartial: false });
    }
  });

  test("however slowly an upload comes, its windows are the same", async () => {
    const bytes = speechFile(["vm-intro.wav", "transfer.wav", "privacy-prompt.wav"], 1500);
    const atOnce = await decode(bytes);
    const session = open();
    const reading = readAll(session.windows);
    for (let at = 0; at < bytes.length; at += 100_000) {
      await session.write(bytes.subarray(at, at + 100_000));
      await setTimeout(20);
    }
    session.end();
    const windows = await reading;
    expect(speech(windows)).toEqual(speech(atOnce.windows));
    expect(await session.summary).toMatchObject({ durationMs: atOnce.summary.durationMs });
  });

  test("the first window comes while the upload is still on its way", async () => {
    const bytes = speechFile(["vm-intro.wav", "transfer.wav", "privacy-prompt.wav"], 0);
    const session = open({ isStreamed: true });
    onTestFinished(() => session.close());
    const windows = session.windows[Symbol.asyncIterator]();
    // Six seconds and a half, and then nothing.
    await session.write(bytes.subarray(0, 208_000));
    const first = (await windows.next()).value as AudioWindow;
    const lastMs = first.segments.at(-1)?.endMs ?? 0;
    expect(lastMs).toBeGreaterThan(2000);
    expect(lastMs).toBeLessThan(5500);
    await session.write(bytes.subarray(208_000));
    session.end();
    const second = (await windows.next()).value as AudioWindow;
    expect(second.segments[0]?.startMs).toBeGreaterThanOrEqual(lastMs);
  });

  test("a process that is killed in the middle costs no speech and repeats none", async () => {
    const bytes = speechFile(
      Array.from({ length: 12 }, () => "vm-intro.wav"),
      700,
    );
    const expected = await decode(bytes);
    expect(expected.windows.length).toBeGreaterThan(3);
    crashes.length = 0;
    // The spare that the upload takes; the one that takes its place is started later, and must not fail.
    const spare = childProcesses();
    const session = open();
    void session.write(bytes).then(() => session.end());
    const windows: AudioWindow[] = [];
    for await (const window of session.windows) {
      windows.push(window);
      if (window.index === 1) {
        killAll(spare);
      }
    }
    expect(crashes).toMatchObject([{ ...requestIds("request"), signal: "SIGKILL", isReplaced: true }]);
    expect(windows.map(({ index }) => index)).toEqual(windows.map((_, at) => at));
    expect(speech(windows)).toEqual(speech(expected.windows));
    expect(await session.summary).toMatchObject({ durationMs: expected.summary.durationMs });
  });

  test("a file that was cut off gives what is there, and says so", async () => {
    const bytes = speechFile(["vm-intro.wav"], 100);
    const { windows, summary } = await decode(bytes.subarray(0, bytes.length / 2));
    expect(windows).toHaveLength(1);
    expect(summary.isPartial).toBe(true);
    expect(summary.warnings).toHaveLength(1);
  });

  test("silence gives no window and a regular summary", async () => {
    const { windows, summary } = await decode(silentFile(3000));
    expect(windows).toEqual([]);
    expect(summary).toMatchObject({ durationMs: 3000, speechMs: 0, isPartial: false });
  });

  test.each([
    ["an empty upload", Buffer.alloc(0), "empty_audio"],
    ["a sound of no samples", speechFile([], 0), "empty_audio"],
    ["a video without sound", clip("h264-only.mp4"), "empty_audio"],
    ["a text", Buffer.from("no sound at all, but enough text to look at"), "unsupported_media_type"],
    ["a playlist", Buffer.from("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"), "unsupported_media_type"],
    ["a list of files", Buffer.from("ffconcat version 1.0\nfile /etc/passwd\n"), "unsupported_media_type"],
    [
      "a description of a stream",
      Buffer.from("v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n"),
      "unsupported_media_type",
    ],
    ["a sound of 1 Hz", withRate(1), "unsupported_media_type"],
    ["a sound of more channels than any layout has", pcm(2, 63), "unsupported_media_type"],
  ])("%s is refused", async (_, bytes, code) => {
    await expect(decode(bytes)).rejects.toMatchObject({ code });
  });

  test("longer audio than allowed is refused, whatever was handed out by then", async () => {
    await expect(decode(silentFile(5000), { maxSeconds: 4 })).rejects.toMatchObject({ code: "audio_too_long" });
  });

  test("a larger upload than allowed is refused before all of it was written", async () => {
    const session = open({ maxBytes: 1000 });
    await session.write(Buffer.alloc(1001));
    await expect(session.summary).rejects.toMatchObject({ code: "payload_too_large" });
  });

  test("the process is paused while nobody reads, and goes on afterwards", async () => {
    const bytes = speechFile(
      Array.from({ length: 40 }, () => "vm-intro.wav"),
      600,
    );
    const session = open();
    await session.write(bytes);
    session.end();
    const windows = session.windows[Symbol.asyncIterator]();
    const first = (await windows.next()).value as AudioWindow;
    // Left alone it would be through with the five minutes; paused it does not even end.
    await setTimeout(3000);
    await expect(Promise.race([session.summary, Promise.resolve("at work")])).resolves.toBe("at work");
    const rest = await readAll({ [Symbol.asyncIterator]: () => windows });
    expect([first, ...rest].map(({ index }) => index)).toEqual(Array.from({ length: rest.length + 1 }, (_, at) => at));
    expect(rest.length).toBeGreaterThan(12);
  });

  test("the end of a request ends its process", async () => {
    const controller = new AbortController();
    // The spare that the request takes; the one that takes its place is started later.
    const spare = childProcesses();
    expect(spare).not.toEqual([]);
    const session = audio.open(options, { ...requestIds("request"), signal: controller.signal, onProgress: () => {} });
    await session.write(speechFile(["vm-intro.wav"], 0));
    const reading = readAll(session.windows);
    controller.abort(new ServiceError("client_closed_request", "gone"));
    await expect(reading).rejects.toMatchObject({ code: "client_closed_request" });
    await waitUntil(() => !spare.some((pid) => isAlive(pid)), "the processes of the request are gone");
  });

  test("more uploads at a time than allowed are refused, until one ends", async () => {
    const sessions = Array.from({ length: settings.maxConcurrent }, () => open());
    expect(audio.refusal()).toMatchObject({ code: "overloaded" });
    expect(() => open()).toThrow("Too many uploads");
    sessions.forEach((session) => session.close());
    expect(audio.refusal()).toBeNull();
  });

  test("features for models with 128 mel bins are as many", async () => {
    const { windows } = await decode(clip("speech.wav"), { windows: { ...whisperWindows, melBins: 128 } });
    expect(windows[0]?.features).toHaveLength(128 * 1500);
  });

  test("half an hour of speech fits into one window", { timeout: 300_000 }, async () => {
    const file = speechFile(Array.from({ length: 96 }, () => ["demo-abouttotry.wav", "vm-intro.wav"]).flat(), 0);
    const { windows, summary } = await decode(file, { windows: voxtralWindows(60) });
    expect(summary.durationMs).toBeGreaterThan(1_900_000);
    expect(windows.map(({ frames }) => frames)).toEqual([180_000, expect.any(Number)]);
    expect(windows[0]?.features).toHaveLength(128 * 180_000);
  });

  function open(changes: Partial<AudioOptions> = {}): AudioSession {
    const { signal } = new AbortController();
    return audio.open({ ...options, ...changes }, { ...requestIds("request"), signal, onProgress: () => {} });
  }

  async function decode(bytes: Uint8Array, changes: Parameters<typeof open>[0] = {}) {
    const session = open(changes);
    void session.write(bytes).then(() => session.end());
    return { windows: await readAll(session.windows), summary: await session.summary };
  }
});

test("without its decoder the service starts, says what is missing, and refuses audio", async () => {
  const events = strictEventBus();
  const errors = collectEvents(events, "error_occurred");
  const audio = new AudioProcesses({ settings: () => settings, root: "/nowhere", events });
  await audio.start();
  expect(audio.problem).toContain("node-av, which is not installed");
  expect(errors).toMatchObject([{ where: "audio", error: { name: "OperatorError", message: audio.problem } }]);
  expect(audio.refusal()).toMatchObject({ code: "circuit_open" });
  expect(() =>
    audio.open(options, { ...requestIds("request"), signal: new AbortController().signal, onProgress: () => {} }),
  ).toThrow(ServiceError);
  await audio.close();
});

test.skipIf(missingDecoder("node-av", projectRoot) !== null)(
  "a start that failed is tried again, until it works",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "guardrail-root-"));
    const root = join(folder, "service");
    const events = strictEventBus();
    const errors = collectEvents(events, "error_occurred");
    const started = collectEvents(events, "audio_ready");
    const audio = new AudioProcesses({ settings: () => ({ ...settings, spares: 0 }), root, events });
    onTestFinished(async () => {
      await audio.close();
      rmSync(folder, { recursive: true });
    });
    await audio.start();
    expect(audio.refusal()).toMatchObject({ code: "circuit_open" });
    await waitUntil(() => errors.length > 1, "it was tried again");
    // As if it had been installed meanwhile.
    symlinkSync(projectRoot, root);
    await waitUntil(() => started.length === 1, "it has started");
    expect(audio.problem).toBeNull();
    expect(audio.refusal()).toBeNull();
  },
);

test.skipIf(decoders.length === 0)("uploads are decoded though somebody tidies the temporary files up", async () => {
  using temporary = new TemporaryFolder();
  // Audio processes may be another user's.
  chmodSync(temporary.path, 0o755);
  vi.stubEnv("TMPDIR", temporary.path);
  onTestFinished(() => void vi.unstubAllEnvs());
  const [decoder = "node-av"] = decoders;
  const audio = new AudioProcesses({
    settings: () => ({ ...settings, decoder, spares: 0 }),
    root: projectRoot,
    events: strictEventBus(),
  });
  onTestFinished(() => audio.close());
  await audio.start();
  expect(readdirSync(temporary.path)).not.toEqual([]);
  readdirSync(temporary.path).forEach((name) => rmSync(join(temporary.path, name), { recursive: true }));
  const { signal } = new AbortController();
  const session = audio.open(options, { ...requestIds("request"), signal, onProgress: () => {} });
  void session.write(clip("speech.wav")).then(() => session.end());
  expect(await readAll(session.windows)).toHaveLength(1);
});

test("before it has started and after it was closed it refuses audio", async () => {
  const audio = new AudioProcesses({ settings: () => settings, root: projectRoot, events: strictEventBus() });
  expect(audio.refusal()).toMatchObject({ code: "model_loading" });
  await audio.close();
  expect(audio.refusal()).toMatchObject({ code: "draining" });
});

test("a close during the start leaves no process behind", async () => {
  const audio = new AudioProcesses({ settings: () => settings, root: projectRoot, events: strictEventBus() });
  const starting = audio.start();
  await audio.close();
  await starting;
  await waitUntil(() => childProcesses().length === 0, "no process is left");
  expect(audio.refusal()).toMatchObject({ code: "draining" });
});

/** Stretches of speech in all windows, joined where one was cut only because of its length. */
function speech(windows: readonly AudioWindow[]): [startMs: number, endMs: number][] {
  const joined: [startMs: number, endMs: number][] = [];
  for (const { startMs, endMs } of windows.flatMap(({ segments }) => segments)) {
    const last = joined.at(-1);
    if (last !== undefined && last[1] === startMs) {
      last[1] = endMs;
    } else {
      joined.push([startMs, endMs]);
    }
  }
  return joined;
}

/** The sentence with so many bytes per sample (four: floats), the same in every channel. */
function pcm(bytesPerSample: 2 | 3 | 4, channels: number): Buffer {
  const samples = clip("speech.wav").subarray(44);
  const data = Buffer.alloc((samples.length / 2) * bytesPerSample * channels);
  for (let at = 0; at < samples.length / 2; at++) {
    const sample = samples.readInt16LE(2 * at);
    for (let channel = 0; channel < channels; channel++) {
      const position = (at * channels + channel) * bytesPerSample;
      if (bytesPerSample === 4) {
        data.writeFloatLE(sample / 32_768, position);
      } else {
        data.writeIntLE(sample * 256 ** (bytesPerSample - 2), position, bytesPerSample);
      }
    }
  }
  const header = Buffer.from(clip("speech.wav").subarray(0, 44));
  header.writeUInt32LE(36 + data.length, 4);
  header.writeUInt16LE(bytesPerSample === 4 ? 3 : 1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(8000 * channels * bytesPerSample, 28);
  header.writeUInt16LE(channels * bytesPerSample, 32);
  header.writeUInt16LE(8 * bytesPerSample, 34);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

function timedFile(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/audio/times/${name}`, import.meta.url));
}

/** FLAC with these tags behind its first block. */
function withTags(tags: readonly string[]): Buffer {
  const bytes = clip("flac.flac");
  const blockEnd = 8 + bytes.readUIntBE(5, 3);
  const texts = ["maker", ...tags].map((text) => [lengthLe(text.length), Buffer.from(text)]);
  const content = Buffer.concat([...(texts[0] ?? []), lengthLe(tags.length), ...texts.slice(1).flat()]);
  const header = Buffer.alloc(4);
  header.writeUIntBE(content.length, 1, 3);
  // Whether a block is the last says the highest bit of its type.
  header.writeUInt8(4 | (bytes.readUInt8(4) & 0x80), 0);
  const first = Buffer.from(bytes.subarray(0, blockEnd));
  first.writeUInt8(first.readUInt8(4) & 0x7f, 4);
  return Buffer.concat([first, header, content, bytes.subarray(blockEnd)]);
}

function lengthLe(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(length);
  return bytes;
}

function withRate(hertz: number): Buffer {
  const bytes = Buffer.from(clip("speech.wav"));
  bytes.writeUInt32LE(hertz, 24);
  return bytes;
}
