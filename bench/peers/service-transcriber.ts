import { readFileSync } from "node:fs";
import { upload } from "../load/upload.ts";
import { treeCpuSeconds } from "../process-facts.ts";
import type { Service } from "../service.ts";
import type { ClipFile } from "../speech/wav-file.ts";
import { inParallel } from "./in-parallel.ts";
import type { Transcriber } from "./transcriber.ts";

/** `POST /v1/transcribe` of a running service: each file is an upload, its language is detected. */
export class ServiceTranscriber implements Transcriber {
  readonly peer = "ours";
  readonly name: string;
  readonly #service: Service;

  constructor(name: string, service: Service) {
    this.name = name;
    this.#service = service;
  }

  cpuSeconds(): number {
    return treeCpuSeconds(this.#service.pid);
  }

  transcribe(files: readonly ClipFile[], parallel: number): Promise<readonly string[]> {
    return inParallel(files, parallel, async ({ path }) => {
      const content = [readFileSync(path)];
      const { status, body } = await upload({ port: this.#service.port, path: "/v1/transcribe", content });
      if (status !== 200) {
        throw new Error(`the service answered ${status}`);
      }
      return (JSON.parse(body) as { text: string }).text;
    });
  }
}
