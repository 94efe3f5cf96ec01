import { upload } from "../load/upload.ts";
import type { Service } from "../service.ts";
import { percent, type Table } from "../table.ts";
import type { Clip } from "./clips.ts";
import { wavBytes } from "./wav-file.ts";

/** Of one long file; sums over its windows, some of which ran at the same time. */
export interface Stages {
  readonly queueMs: number;
  readonly preprocessMs: number;
  readonly inferenceMs: number;
  readonly totalMs: number;
}

export async function measureStages(service: Service, { samples }: Clip): Promise<Stages> {
  const path = "/v1/transcribe?response_format=verbose_json";
  const { body } = await upload({ port: service.port, path, content: [wavBytes(samples)] });
  return (JSON.parse(body) as { timings: Stages }).timings;
}

export function stageTable({ queueMs, preprocessMs, inferenceMs, totalMs }: Stages): Table {
  const work = preprocessMs + inferenceMs;
  return {
    title: "Time per stage of the 5-minute file, sums over its windows",
    columns: ["", "ms", "share of the work"],
    rows: [
      ["decoding, voice activity, features", preprocessMs.toFixed(0), percent(preprocessMs / work)],
      ["inference", inferenceMs.toFixed(0), percent(inferenceMs / work)],
      ["first window in the queue", queueMs.toFixed(0), "–"],
      ["from the request to the answer", totalMs.toFixed(0), "–"],
    ],
  };
}
