import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseShape } from "../tools/voxtral-cost/model-shape.ts";
import { encoderOperations } from "../tools/voxtral-cost/work.ts";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { findBenchDevice } from "./gpu/bench-device.ts";
import type { Options } from "./options.ts";
import { LineProcess } from "./peers/line-process.ts";
import { formOf, formOption } from "./peers/voxtral/decode-job.ts";
import type { DeviceJob, EncodeAnswer } from "./peers/voxtral/device-job.ts";
import { prepareInput } from "./peers/voxtral/voxtral-input.ts";
import { type Spread, spread } from "./statistics.ts";
import { figure, type Table } from "./table.ts";

const program = fileURLToPath(new URL("./peers/voxtral/encoder-peer.ts", import.meta.url));

/** Seconds that Voxtral's audio encoder takes for 30 s of audio. */
export const gpuEncoder: Benchmark = {
  summary: "GPU: seconds of Voxtral's audio encoder for a window of 30 s",
  options: [
    { name: "folder", byDefault: null, help: "model folder in the public layout; tools/gpu-bench makes one" },
    formOption,
    { name: "batches", byDefault: "1,8,32", help: "chunks of 30 s in one run" },
    { name: "rounds", byDefault: 5, help: "runs of each, after one that warms up" },
    { name: "threads", byDefault: availableParallelism(), help: "threads on a CPU" },
  ],

  async run(options, progress): Promise<Findings> {
    const work = mkdtempSync(join(tmpdir(), "bench-"));
    try {
      return await measure(options, work, progress);
    } finally {
      rmSync(work, { recursive: true });
    }
  },
};

interface EncoderRow {
  readonly chunks: number;
  readonly secondsPerChunk: Spread;
}

async function measure(options: Options, work: string, progress: Progress): Promise<Findings> {
  const folder = resolve(options.required("folder"));
  const device = await findBenchDevice();
  const job: DeviceJob = {
    folder,
    form: formOf(options.required("form")),
    provider: device.provider,
    threads: options.number("threads"),
    ...(await prepareInput(folder, work)),
  };
  progress("loading the encoder");
  const environment = { ORT_DISABLE_TELEMETRY: "1", ...device.environment };
  using encoder = await LineProcess.start([process.execPath, program, JSON.stringify(job)], environment);
  const rows: EncoderRow[] = [];
  for (const chunks of options.counts("batches")) {
    const seconds: number[] = [];
    for (let round = 0; round <= options.number("rounds"); round++) {
      progress(`${chunks} chunks: ${round === 0 ? "warming up" : `run ${round}`}`);
      const { ms } = (await encoder.ask({ chunks })) as EncodeAnswer;
      seconds.push(ms / 1000 / chunks);
    }
    rows.push({ chunks, secondsPerChunk: spread(seconds.slice(1)) });
  }
  const operations = encoderOperations(parseShape(JSON.parse(readFileSync(join(folder, "config.json"), "utf8"))));
  return {
    tables: [encoderTable(device.name, rows, operations)],
    notes: [...device.notes, "From a spectrogram in host memory to the encoder's rows in host memory."],
    failures: [],
    values: { device, rows, operations },
  };
}

function encoderTable(device: string, rows: readonly EncoderRow[], operations: number): Table {
  return {
    title: `Audio encoder on ${device}, 30 s of audio`,
    columns: ["chunks a run", "s a chunk", "min", "max", "times real time", "TFLOP/s"],
    rows: rows.map(({ chunks, secondsPerChunk: { median, min, max } }) => [
      String(chunks),
      ...[median, min, max].map(figure),
      figure(30 / median),
      figure(operations / median / 1e12),
    ]),
  };
}
