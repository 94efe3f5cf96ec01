import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { treeCpuSeconds } from "../../process-facts.ts";
import type { ClipFile } from "../../speech/wav-file.ts";
import { inParallel } from "../in-parallel.ts";
import { LineProcess } from "../line-process.ts";
import type { Transcriber } from "../transcriber.ts";

const program = fileURLToPath(new URL("./peer.ts", import.meta.url));

export interface AsrPipelineSetting {
  readonly processes: number;
  readonly threads: number;
  /** CPUs that it may use, as `taskset -c` takes them; null: all. */
  readonly cpus: string | null;
}

/** transformers.js's pipeline; it works on one file at a time, so several at once need several processes. */
export class AsrPipelinePeer implements Transcriber, Disposable {
  readonly peer = "transformers.js";
  readonly name: string;
  readonly #processes: readonly LineProcess[];

  /** @param model Folder in the layout of the Hugging Face hub with `onnx/*_quantized.onnx`. */
  static async start(model: string, { processes, threads, cpus }: AsrPipelineSetting): Promise<AsrPipelinePeer> {
    const pinned = cpus === null ? [] : ["taskset", "-c", cpus];
    const command = [...pinned, process.execPath, program, dirname(model), basename(model), String(threads)];
    const environment = { ORT_DISABLE_TELEMETRY: "1" };
    const started: LineProcess[] = [];
    for (let index = 0; index < processes; index++) {
      started.push(await LineProcess.start(command, environment));
    }
    return new AsrPipelinePeer(`transformers.js int8, ${processes} × ${threads} thread(s)`, started);
  }

  private constructor(name: string, processes: readonly LineProcess[]) {
    this.name = name;
    this.#processes = processes;
  }

  transcribe(files: readonly ClipFile[], parallel: number): Promise<readonly string[]> {
    const idle = [...this.#processes];
    return inParallel(files, Math.min(parallel, idle.length), async (file) => {
      const free = idle.pop();
      if (free === undefined) {
        throw new Error("more files at a time than processes");
      }
      const { texts } = (await free.ask({ files: [file] })) as { texts: string[] };
      idle.push(free);
      return texts[0] ?? "";
    });
  }

  cpuSeconds(): number {
    return this.#processes.reduce((total, { pid }) => total + treeCpuSeconds(pid), 0);
  }

  [Symbol.dispose](): void {
    for (const each of this.#processes) {
      each[Symbol.dispose]();
    }
  }
}
