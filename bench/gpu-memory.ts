import type { Benchmark, Findings } from "./benchmark.ts";
import { findBenchDevice } from "./gpu/bench-device.ts";
import { speechFolder, startGpuService } from "./gpu/gpu-service.ts";
import { type GpuUse, GpuWatch } from "./gpu/gpu-watch.ts";
import { type ClipAnswer, failedClips, roomForClips, transcribeClips } from "./gpu/speech-load.ts";
import { formOption } from "./peers/voxtral/decode-job.ts";
import { readClips } from "./speech/clips.ts";
import { figure, percent, type Table } from "./table.ts";

/** The memory is shown for so many stretches of the work: it must not grow from one to the next. */
const stretches = 5;

/** Device memory over many segments. */
export const gpuMemory: Benchmark = {
  summary: "GPU: device memory over 1,000 segments against the profile's limit",
  options: [
    { name: "folder", byDefault: null, help: "Voxtral folder; tools/gpu-bench makes one" },
    formOption,
    { name: "segments", byDefault: 1000, help: "clips in all, each a window of its own" },
    { name: "batch", byDefault: 32, help: "windows in one run, and clips at a time" },
    { name: "speech", byDefault: null, help: "folder of WAV clips with transcripts.tsv; else those of the tests" },
  ],

  async run(options, progress): Promise<Findings> {
    const device = await findBenchDevice();
    const batch = options.number("batch");
    await using stack = new AsyncDisposableStack();
    const speech = speechFolder(options.required("folder"), options.required("form"), batch);
    const service = await startGpuService(device, { speech }, roomForClips(batch), stack, progress);
    const before = await new GpuWatch(device.uuid, () => service.inferencePids()).stop();
    const pids = service.inferencePids();
    const clips = readClips(options.text("speech"));
    const answers: ClipAnswer[] = [];
    const uses: GpuUse[] = [];
    for (let stretch = 1; stretch <= stretches; stretch++) {
      const wanted = options.number("segments") / stretches;
      const watch = new GpuWatch(device.uuid, () => service.inferencePids());
      // Each clip is one window at least; those in hand at the end come on top.
      const load = await transcribeClips(service.port, clips, batch, (done) => done.length < wanted);
      answers.push(...load.answers);
      uses.push(await watch.stop());
      progress(`${answers.length} clips: ${figure((uses.at(-1)?.highestBytes ?? 0) / 2 ** 30)} GiB`);
    }
    const windows = await service.metric("inference_batch_size_sum", "speech");
    const highest = Math.max(...uses.map(({ highestBytes }) => highestBytes));
    const isOver = device.usableBytes !== null && highest > device.usableBytes;
    const wasReplaced = service.inferencePids().some((pid) => !pids.includes(pid));
    return {
      tables: [memoryTable(device.usableBytes, before, uses, windows)],
      notes: [
        ...device.notes,
        `Memory is the ${before.memoryOf}, read twice a second.`,
        ...(wasReplaced ? ["An inference process was replaced meanwhile."] : []),
      ],
      failures: [...failedClips(answers), ...(isOver ? ["the processes took more memory than they may"] : [])],
      values: { device, before, uses, highest, windows, clips: answers.length, wasReplaced },
    };
  },
};

function memoryTable(limit: number | null, before: GpuUse, uses: readonly GpuUse[], windows: number): Table {
  const row = (name: string, { highestBytes, busyShare, samples }: GpuUse): string[] => [
    name,
    figure(highestBytes / 2 ** 30),
    limit === null ? "–" : percent(highestBytes / limit),
    busyShare === null ? "–" : percent(busyShare),
    String(samples),
  ];
  return {
    title: `Highest memory over ${windows} windows, limit ${limit === null ? "none" : `${figure(limit / 2 ** 30)} GiB`}`,
    columns: ["", "GiB", "of the limit", "GPU busy", "looks"],
    rows: [
      row("before the first", before),
      ...uses.map((use, index) => row(`part ${index + 1} of ${uses.length}`, use)),
    ],
  };
}
