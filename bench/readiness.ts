import { Service } from "./service.ts";
import { type Spread, spread } from "./statistics.ts";
import { figure, type Table } from "./table.ts";

/** From the spawn to the first 200 of `/readyz`, in milliseconds. */
export interface Readiness extends Spread {
  readonly command: string;
  readonly startsMs: readonly number[];
}

const starts = 5;

/** Starts the service several times, by itself and through npm in turns. */
export async function measureReadiness(): Promise<Readiness[]> {
  const byNode: number[] = [];
  const byNpm: number[] = [];
  for (let start = 0; start < starts; start++) {
    byNode.push(await readyMs(() => Service.start()));
    byNpm.push(await readyMs(() => Service.startWithNpm()));
  }
  return [
    { command: "node src/main.ts", startsMs: byNode, ...spread(byNode) },
    { command: "npm start", startsMs: byNpm, ...spread(byNpm) },
  ];
}

export function readinessTable(readiness: readonly Readiness[]): Table {
  return {
    title: `Time to ready, ${starts} starts`,
    columns: ["", "median ms", "min", "max"],
    rows: readiness.map(({ command, median, min, max }) => [command, figure(median), figure(min), figure(max)]),
  };
}

async function readyMs(start: () => Promise<Service>): Promise<number> {
  await using service = await start();
  return service.readyMs;
}
