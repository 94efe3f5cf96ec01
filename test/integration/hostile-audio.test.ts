import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inParallel } from "../../bench/peers/in-parallel.ts";
import { askService, describeAnswer, isAsExpected } from "../../tools/hostile-audio/answer.ts";
import { corpus } from "../../tools/hostile-audio/corpus.ts";
import { describe, type HostileFile } from "../../tools/hostile-audio/hostile-file.ts";
import { descendants, highestResidentMib, isAlive, openFiles, waitUntil } from "../helpers/process-facts.ts";
import { ServiceProcess } from "../helpers/service-process.ts";

/** Every hostile file of `tools/hostile-audio` is sent to the service as an operator starts it. */

/** Hundreds of processes are started, which takes long on a busy machine. */
const patienceMs = 600_000;
/** A file that is longer than this is decoded up to here: the shorter, the sooner it is refused. */
const maxSeconds = 120;
const uploadsAtOnce = 4;
/** What the API process may grow by while 300 MB and more than 150 files pass through it. */
const mostGrowthMib = 128;
/** Most of it is the runtime, the models and a picture of 100 MB, which FFmpeg hands on as a whole. */
const mostAudioProcessMib = 400;
const audioEntry = "src/audio/main.ts";

let service: ServiceProcess;

beforeAll(async () => {
  service = await ServiceProcess.ready({ hears: true, settings: { audio: { maxSeconds } } });
}, patienceMs);

afterAll(() => service[Symbol.asyncDispose]());

test("every hostile file is refused with its code or truthfully transcribed, within bounds, and leaves nothing behind", {
  timeout: patienceMs,
}, async () => {
  const pid = service.child.pid ?? 0;
  // Before the first upload, the spare: the same must be left in the end.
  await waitUntil(() => descendants(pid, audioEntry).length > 0, "a spare waits");
  await ask({ name: "warm-up", fault: "", content: () => [Buffer.from("RIFF")], expected: [] });
  const apiMib = highestResidentMib(pid);
  const files = openFiles(pid).length;
  const memory = new AudioMemory(pid);
  const wrong = (await inParallel(corpus, uploadsAtOnce, ask)).filter((problem) => problem !== null);
  await memory.stop();

  expect(wrong).toEqual([]);
  expect(memory.highestMib).toBeLessThan(mostAudioProcessMib);
  expect(highestResidentMib(pid) - apiMib).toBeLessThan(mostGrowthMib);
  expect(service.log.filter(({ event }) => event === "audio_process_crashed")).toEqual([]);
  await waitUntil(() => openFiles(pid).length <= files, "the uploads' files and pipes are closed");
  expect(isAlive(pid)).toBe(true);
});

/** Null when the answer is one of those expected. */
async function ask(hostile: HostileFile): Promise<string | null> {
  const { name, content, expected } = hostile;
  const answer = await askService(Number(new URL(service.url).port), content());
  return expected.length === 0 || expected.some((each) => isAsExpected(answer, each))
    ? null
    : `${name}: ${describeAnswer(answer)} instead of ${expected.map(describe).join(" or ")}`;
}

/** Watches the audio processes of a service. */
class AudioMemory {
  highestMib = 0;
  #isStopped = false;
  readonly #watching: Promise<void>;

  constructor(pid: number) {
    this.#watching = this.#watch(pid);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#watching;
  }

  async #watch(pid: number): Promise<void> {
    while (!this.#isStopped) {
      for (const each of descendants(pid, audioEntry)) {
        this.highestMib = Math.max(this.highestMib, highestResidentMib(each));
      }
      await setTimeout(250);
    }
  }
}
