import type { Exchange } from "./exchange.ts";
import { toMicroseconds } from "./to-microseconds.ts";

/**
 * How long the stages took, as W3C Server Timing has it, for the answer to a task request whose configuration asks for
 * it: name and value, as `ServerResponse.writeHead` takes them; empty for every other answer. An answer that came before
 * its stages had ended, such as most errors, tells of `total` alone, which counts from the headers on.
 *
 * @param now On the clock of `performance.now()`.
 */
export function serverTimingHeaders({ isTask, config, steps, startedAt }: Exchange, now: number): readonly string[] {
  if (!(isTask && config.telemetry.serverTiming)) {
    return [];
  }
  const durations = [
    ...(steps === null
      ? []
      : [
          ["queue", steps.queueMs],
          ["preprocess", steps.preprocessMs],
          ["inference", steps.inferenceMs],
        ]),
    ["total", now - startedAt],
  ] as const;
  const entries = durations.map(([name, milliseconds]) => `${name};dur=${toMicroseconds(Number(milliseconds))}`);
  return ["server-timing", entries.join(", ")];
}
