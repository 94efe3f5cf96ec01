import type { Progress } from "./benchmark.ts";
import { type Contestant, type PeerName, peerNames, type Throughput } from "./peers/contestant.ts";
import { type Spread, spread } from "./statistics.ts";
import { figure, type Table } from "./table.ts";

/** What one contestant did in each round. */
export interface Results {
  readonly contestant: Contestant;
  readonly rounds: readonly Throughput[];
}

/** A B C D A B C D …: what the machine does to one, it does to all. */
export async function interleave(
  contestants: readonly Contestant[],
  rounds: number,
  progress: Progress,
): Promise<Results[]> {
  const results = contestants.map((contestant) => ({ contestant, rounds: [] as Throughput[] }));
  for (let round = 1; round <= rounds; round++) {
    for (const result of results) {
      const throughput = await result.contestant.measure();
      result.rounds.push(throughput);
      progress(`round ${round}/${rounds}  ${result.contestant.name}: ${figure(throughput.textsPerSecond)} texts/s`);
    }
  }
  return results;
}

/** How many times faster we are than a peer. */
export interface Ratio extends Spread {
  readonly peer: PeerName;
  /** Ours ÷ the peer's best setting of that round. */
  readonly rounds: readonly number[];
  /** The setting that was best most often. */
  readonly bestSetting: string;
}

export function ratios(results: readonly Results[]): Ratio[] {
  const ours = results.find(({ contestant }) => contestant.peer === "ours")?.rounds ?? [];
  return peerNames.flatMap((peer) => {
    const settings = results.filter(({ contestant }) => contestant.peer === peer);
    if (peer === "ours" || settings.length === 0) {
      return [];
    }
    const best = ours.map((_, round) => fastest(settings, round));
    const rounds = ours.map(({ textsPerSecond }, round) => textsPerSecond / speed(best[round], round));
    return [{ peer, rounds, ...spread(rounds), bestSetting: mostFrequent(best.map((each) => each.contestant.name)) }];
  });
}

export function throughputTable(results: readonly Results[], worstDifference: ReadonlyMap<Contestant, number>): Table {
  return {
    title: "Throughput, one text a request or row",
    columns: ["", "texts/s", "min", "max", "client µs/text", "score differs ≤"],
    rows: results.map(({ contestant, rounds }) => {
      const speeds = spread(rounds.map(({ textsPerSecond }) => textsPerSecond));
      const client = spread(rounds.map(({ clientMicrosecondsPerText }) => clientMicrosecondsPerText));
      const clientCell = client.median === 0 ? "–" : client.median.toFixed(0);
      const difference = (worstDifference.get(contestant) ?? Number.NaN).toExponential(1);
      return [contestant.name, figure(speeds.median), figure(speeds.min), figure(speeds.max), clientCell, difference];
    }),
  };
}

export function ratioTable(all: readonly Ratio[]): Table {
  return {
    title: "Ours ÷ peer, each round against the peer's best setting of that round",
    columns: ["peer", "ratio", "min", "max", "best setting"],
    rows: all.map(({ peer, median, min, max, bestSetting }) => [
      peer,
      figure(median),
      figure(min),
      figure(max),
      bestSetting,
    ]),
  };
}

function fastest(settings: readonly Results[], round: number): Results {
  return settings.reduce((best, each) => (speed(each, round) > speed(best, round) ? each : best));
}

function speed(results: Results | undefined, round: number): number {
  return results?.rounds[round]?.textsPerSecond ?? Number.NaN;
}

function mostFrequent(names: readonly string[]): string {
  const count = (name: string): number => names.filter((each) => each === name).length;
  return names.reduce((best, name) => (count(name) > count(best) ? name : best), names[0] ?? "");
}
