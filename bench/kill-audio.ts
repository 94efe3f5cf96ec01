import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { Service } from "./service.ts";
import { type Clip, readClips } from "./speech/clips.ts";
import { disturb, type HeardSegment, type Target, targets } from "./speech/disturb.ts";
import { figure, type Table } from "./table.ts";

/** SIGKILL in the middle of a long file: nothing of it may be lost, told twice or out of order. */
export const killAudio: Benchmark = {
  summary: "speech: audio and inference processes killed during a long file",
  options: [
    { name: "seconds", byDefault: 600, help: "length of the file" },
    { name: "speech", byDefault: null, help: "folder of WAV clips with transcripts.tsv; else those of the tests" },
  ],

  async run(options, progress): Promise<Findings> {
    const clips = readClips(options.text("speech"));
    const seconds = options.number("seconds");
    const whole = await transcribe(clips, seconds, null, progress);
    const runs: Disturbed[] = [];
    for (const target of targets) {
      const run = await transcribe(clips, seconds, target, progress);
      runs.push({ target, ...run, isEqual: JSON.stringify(run.segments) === JSON.stringify(whole.segments) });
    }
    return {
      tables: [killTable(whole, runs)],
      notes: [],
      failures: runs.flatMap(({ target, kills, isEqual }) => [
        ...(isEqual ? [] : [`with the ${target} process killed the transcript is another one`]),
        ...(kills === 0 ? [`no ${target} process was there to be killed`] : []),
      ]),
      values: { whole, runs },
    };
  },
};

interface Transcription {
  readonly segments: readonly HeardSegment[];
  readonly kills: number;
  readonly seconds: number;
}

interface Disturbed extends Transcription {
  readonly target: Target;
  /** Its segments are those of the undisturbed run, in the same order. */
  readonly isEqual: boolean;
}

/** Each in a service of its own. */
async function transcribe(
  clips: readonly Clip[],
  seconds: number,
  target: Target | null,
  progress: Progress,
): Promise<Transcription> {
  await using service = await Service.start();
  const startedAt = performance.now();
  const { segments, kills } = await disturb({ port: service.port, pid: service.pid, target, clips, seconds });
  const wallSeconds = (performance.now() - startedAt) / 1000;
  progress(`${target ?? "nothing"} killed: ${segments.length} segments in ${figure(wallSeconds)} s`);
  return { segments, kills, seconds: wallSeconds };
}

function killTable(whole: Transcription, runs: readonly Disturbed[]): Table {
  const row = (name: string, { segments, kills, seconds }: Transcription, isEqual: string): string[] => [
    name,
    String(kills),
    String(segments.length),
    isEqual,
    figure(seconds),
  ];
  return {
    title: "SIGKILL during a long file",
    columns: ["killed", "kills", "segments", "equal transcript", "wall s"],
    rows: [row("nothing", whole, "–"), ...runs.map((run) => row(run.target, run, run.isEqual ? "yes" : "NO"))],
  };
}
