import type { Progress } from "../benchmark.ts";
import { type RecognizerName, recognizerNames, type Transcriber } from "../peers/transcriber.ts";
import { type Spread, spread } from "../statistics.ts";
import { figure, percent, type Table } from "../table.ts";
import type { ClipFile } from "./wav-file.ts";
import { wordErrorRate } from "./word-error-rate.ts";

/** The same files for all, one after another or several at a time. */
export interface Scenario {
  readonly title: string;
  readonly files: readonly ClipFile[];
  readonly parallel: number;
  readonly transcribers: readonly Transcriber[];
}

export interface ScenarioResult {
  readonly title: string;
  readonly audioSeconds: number;
  readonly contestants: readonly ContestantResult[];
  readonly ratios: readonly PeerRatio[];
}

interface ContestantResult {
  readonly name: string;
  readonly peer: RecognizerName;
  /** Wall time of each round, in seconds. */
  readonly seconds: readonly number[];
  /** CPU time of each round, in seconds: what a busy machine changes least. */
  readonly cpuSeconds: readonly number[];
  /** Wall time ÷ length of the audio, of the median round. */
  readonly realTimeFactor: number;
  /** Of the first round. */
  readonly wordErrorRate: number;
}

/** How many times faster we are than a peer's best setting of each round. */
interface PeerRatio extends Spread {
  readonly peer: RecognizerName;
  readonly rounds: readonly number[];
}

/** All take turns, round by round; before the first round each has one file to get warm. */
export async function runScenario(scenario: Scenario, rounds: number, progress: Progress): Promise<ScenarioResult> {
  const { title, files, parallel, transcribers } = scenario;
  const runs = transcribers.map((transcriber) => ({
    transcriber,
    seconds: [] as number[],
    cpuSeconds: [] as number[],
    errors: Number.NaN,
  }));
  for (const { transcriber } of runs) {
    await transcriber.transcribe(files.slice(0, 1), 1);
  }
  for (let round = 1; round <= rounds; round++) {
    for (const run of runs) {
      const cpuBefore = run.transcriber.cpuSeconds();
      const startedAt = performance.now();
      const texts = await run.transcriber.transcribe(files, parallel);
      const seconds = (performance.now() - startedAt) / 1000;
      const cpuSeconds = run.transcriber.cpuSeconds() - cpuBefore;
      run.seconds.push(seconds);
      run.cpuSeconds.push(cpuSeconds);
      run.errors = wordErrorRate(files.map(({ text }, index) => ({ said: text, heard: texts[index] ?? "" })));
      progress(
        `${title}, round ${round}/${rounds}  ${run.transcriber.name}: ${figure(seconds)} s, CPU ${figure(cpuSeconds)} s`,
      );
    }
  }
  const audioSeconds = files.reduce((total, file) => total + file.seconds, 0);
  const contestants = runs.map(({ transcriber: { name, peer }, seconds, cpuSeconds, errors }) => ({
    name,
    peer,
    seconds,
    cpuSeconds,
    realTimeFactor: spread(seconds).median / audioSeconds,
    wordErrorRate: errors,
  }));
  return { title, audioSeconds, contestants, ratios: ratiosOf(contestants) };
}

export function scenarioTables({ title, audioSeconds, contestants, ratios }: ScenarioResult): Table[] {
  return [
    {
      title: `${title}: ${figure(audioSeconds)} s of audio`,
      columns: ["", "wall s", "min", "max", "real-time factor", "CPU s", "WER"],
      rows: contestants.map(({ name, seconds, cpuSeconds, realTimeFactor, wordErrorRate: errors }) => {
        const { median, min, max } = spread(seconds);
        return [
          name,
          figure(median),
          figure(min),
          figure(max),
          figure(realTimeFactor),
          figure(spread(cpuSeconds).median),
          percent(errors),
        ];
      }),
    },
    {
      title: `${title}: ours ÷ peer, each round against the peer's best setting of that round`,
      columns: ["peer", "ratio", "min", "max"],
      rows: ratios.map(({ peer, median, min, max }) => [peer, figure(median), figure(min), figure(max)]),
    },
  ];
}

function ratiosOf(contestants: readonly ContestantResult[]): PeerRatio[] {
  const secondsOf = (peer: RecognizerName): (readonly number[])[] =>
    contestants.filter((contestant) => contestant.peer === peer).map(({ seconds }) => seconds);
  const [ours = []] = secondsOf("ours");
  return recognizerNames.flatMap((peer) => {
    const settings = secondsOf(peer);
    if (peer === "ours" || settings.length === 0) {
      return [];
    }
    const rounds = ours.map((seconds, round) => Math.min(...settings.map((each) => each[round] ?? Infinity)) / seconds);
    return [{ peer, rounds, ...spread(rounds) }];
  });
}
