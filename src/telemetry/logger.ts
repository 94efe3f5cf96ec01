import { pino } from "pino";
import type { Config } from "../config.ts";
import type { ServiceEvents } from "../events.ts";
import { describeError } from "./describe-error.ts";
import { AsyncLogDestination, type LogDestination } from "./log-destination.ts";
import { isoTimestamp } from "./timestamp.ts";

/** A reader that has stopped does not hold up the end of the service for longer than this. */
const flushTimeoutMs = 1_000;
const standardOutput = 1;

/** `error`: someone must act. `warn`: unusual, but the service copes. */
export type LineLevel = "error" | "warn" | "info" | "debug";

/** Writes one JSON object a line. Fields are in snake case and never hold user text or secrets. */
export interface Logger {
  write(level: LineLevel, event: string, fields: Readonly<Record<string, unknown>>): void;
  /** For the event bus: a subscriber threw, which nobody else would hear of. */
  subscriberFailed(subscribedEvent: keyof ServiceEvents, error: unknown): void;
  /** Resolves when every line has left the process, or after a second when nobody takes them. */
  flush(): Promise<void>;
}

export interface LoggerOptions {
  /** Asked at every line, so that a reload takes effect at once. */
  readonly level: () => Config["log"]["level"];
  /** Version of the service. */
  readonly version: string;
  /** Lines were thrown away, because nobody took them. */
  readonly onLinesLost: (lines: number) => void;
  /** Standard output unless given. */
  readonly destination?: LogDestination;
}

export function createLogger({
  level,
  version,
  onLinesLost,
  destination = new AsyncLogDestination(standardOutput),
}: LoggerOptions): Logger {
  const lines = pino(
    {
      level: level(),
      base: { version },
      timestamp: () => `,"timestamp":"${isoTimestamp(Date.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );

  const write: Logger["write"] = (lineLevel, event, fields) => {
    const lost = destination.takeLostLines();
    if (lost > 0) {
      lines.warn({ event: "log_lines_lost", lines: lost });
      onLinesLost(lost);
    }
    const current = level();
    if (lines.level !== current) {
      lines.level = current;
    }
    lines[lineLevel]({ event, ...fields });
  };

  return {
    write,
    subscriberFailed: (subscribedEvent, error) => {
      write("error", "subscriber_failed", { subscribed_event: subscribedEvent, error: describeError(error) });
    },
    flush: async () => {
      const { promise: timeout, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, flushTimeoutMs);
      await Promise.race([destination.flush(), timeout]);
      clearTimeout(timer);
    },
  };
}
