import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";
import {
  AudioProcesses,
  type AudioSession,
  type AudioSettings,
  type AudioWindow,
} from "../../src/processes/audio-processes.ts";
import { ffmpegPath, missingDecoder } from "../../src/processes/missing-decoder.ts";
import { childProcesses } from "../helpers/child-processes.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { descendants, killAll, waitUntil } from "../helpers/process-facts.ts";
import { requestIds } from "../helpers/request-ids.ts";
import { speechFile } from "../helpers/speech-file.ts";
import { whisperWindows } from "../helpers/window-shapes.ts";

/** Without spares: every process belongs to the upload. */
const settings: Omit<AudioSettings, "decoder"> = {
  maxSeconds: 36_000,
  maxConcurrent: 4,
  spoolBytes: 100_000_000,
  sandbox: "auto",
  spares: 0,
};
const options = { windows: whisperWindows, maxSeconds: 36_000, maxBytes: 100_000_000, isStreamed: false } as const;
const bytes = speechFile(
  Array.from({ length: 12 }, () => "vm-intro.wav"),
  700,
);
/** Enough for three windows. */
const middle = Math.floor(0.7 * bytes.length);

const audioEntry = "src/audio/main.ts";
const victims = {
  "the audio process": () => childProcesses().filter((pid) => commandLine(pid).includes(audioEntry)),
  "the sandbox of FFmpeg": () => childProcesses().filter((pid) => commandLine(pid).includes(ffmpegPath)),
  "FFmpeg inside its sandbox": () =>
    descendants(process.pid, ffmpegPath).filter((pid) => commandLine(pid).startsWith(ffmpegPath)),
};
type Victim = keyof typeof victims;

const cases = [
  { decoder: "node-av", halves: ["the audio process"] as Victim[] },
  { decoder: "ffmpeg", halves: Object.keys(victims) as Victim[] },
] as const;
const missing = cases.flatMap(({ decoder }) => missingDecoder(decoder, projectRoot) ?? []);

test.skipIf(missing.length > 0)(
  `every decoder is tried${missing.map((reason) => `, not so: ${reason}`).join("")}`,
  () => {
    expect(missing).toEqual([]);
  },
);

describe.each(cases.filter(({ decoder }) => missingDecoder(decoder, projectRoot) === null))(
  "with $decoder",
  ({ decoder, halves }) => {
    const events = strictEventBus();
    const crashes = collectEvents(events, "audio_process_crashed");
    const audio = new AudioProcesses({ settings: () => ({ ...settings, decoder }), root: projectRoot, events });
    let undisturbed: Awaited<ReturnType<typeof finish>>;

    beforeAll(async () => {
      await audio.start();
      const session = open();
      void session.write(bytes).then(() => session.end());
      undisturbed = await finish(session);
      expect(undisturbed.windows.length).toBeGreaterThan(3);
      expect(crashes).toEqual([]);
    });
    afterAll(async () => {
      await audio.close();
      expect(childProcesses()).toEqual([]);
    });

    test.each(halves)("a kill of %s at the start changes nothing of the outcome", async (victim) => {
      const session = await begin();
      await session.write(bytes.subarray(0, 50_000));
      const finished = finish(session);
      await kill(victim);
      await session.write(bytes.subarray(50_000));
      session.end();
      expect(await finished).toEqual(undisturbed);
      expect(crashes).toMatchObject([{ exitCode: null, signal: "SIGKILL", isReplaced: true }]);
    });

    test.each(halves)("a kill of %s in the middle changes nothing of the outcome", async (victim) => {
      const session = await begin();
      void session.write(bytes.subarray(0, middle));
      const finished = finish(session, async (window) => {
        if (window.index === 1) {
          await kill(victim);
          void session.write(bytes.subarray(middle)).then(() => session.end());
        }
      });
      expect(await finished).toEqual(undisturbed);
      expect(crashes).toMatchObject([{ exitCode: null, signal: "SIGKILL", isReplaced: true }]);
    });

    test.each(halves)("a kill of %s while this process is busy is told as what it is", async (victim) => {
      const session = await begin();
      await session.write(bytes);
      session.end();
      const finished = finish(session, async (window) => {
        if (window.index === 1) {
          await kill(victim);
          // Long enough for the other half to end of it, too: then nobody has seen who was first.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
        }
      });
      expect(await finished).toEqual(undisturbed);
      expect(crashes).toMatchObject([{ exitCode: null, signal: "SIGKILL", isReplaced: true }]);
    });

    /** Nobody is left of the upload before, who could be killed instead. */
    async function begin(): Promise<AudioSession> {
      await waitUntil(() => childProcesses().length === 0, "the processes before are gone");
      crashes.length = 0;
      return open();
    }

    function open(): AudioSession {
      const { signal } = new AbortController();
      return audio.open(options, { ...requestIds("request"), signal, onProgress: () => {} });
    }
  },
);

/** All that a request gets to see, without how long it took. */
async function finish(session: AudioSession, onWindow: (window: AudioWindow) => Promise<void> = async () => {}) {
  const windows: (Omit<AudioWindow, "features"> & { readonly features: string })[] = [];
  for await (const window of session.windows) {
    const { buffer, byteOffset, byteLength } = window.features;
    windows.push({ ...window, features: Buffer.from(buffer, byteOffset, byteLength).toString("base64") });
    await onWindow(window);
  }
  const { durationMs, speechMs, isPartial, warnings, container, codec } = await session.summary;
  return { windows, durationMs, speechMs, isPartial, warnings, container, codec };
}

async function kill(victim: Victim): Promise<void> {
  const find = victims[victim];
  await waitUntil(() => find().length > 0, `there is ${victim}`);
  killAll(find());
}

/** Empty when it is gone. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
