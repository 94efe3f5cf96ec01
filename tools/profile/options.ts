import { join } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../../bench/project.ts";
import type { Task } from "./workload.ts";

export interface ProfileOptions {
  readonly task: Task;
  /** Requests that count. */
  readonly requests: number;
  /** Requests before them that do not. */
  readonly warmUp: number;
  /** Requests at a time. */
  readonly concurrency: number;
  /** Inference processes. */
  readonly instances: number;
  /** Model folder. */
  readonly model: string;
  /** File that is sent to `transcribe`; null for committed speech. */
  readonly audio: string | null;
  /** Folder for the trace and the report. */
  readonly out: string;
}

/** Options that differ from task to task. */
export const defaults = {
  classify: { requests: 200, "warm-up": 20, concurrency: 4, model: join(projectRoot, "models/camembert-toxicity-fr") },
  transcribe: { requests: 5, "warm-up": 1, concurrency: 1, model: join(projectRoot, "models/whisper-base") },
} as const;

export const usage = `usage: npm run profile -- classify|transcribe [options]

  --requests N     requests that count (classify 200, transcribe 5)
  --warm-up N      requests before them (classify 20, transcribe 1)
  --concurrency N  requests at a time (classify 4, transcribe 1)
  --instances N    inference processes (1)
  --model FOLDER   model folder (models/camembert-toxicity-fr, models/whisper-base)
  --audio FILE     what transcribe sends (20 s of committed speech)
  --out FOLDER     for trace.json and report.md (.tmp/profile/…)
`;

/** What was typed makes no sense. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** @param now For the default folder. @throws UsageError that says what is wrong. */
export function parseOptions(args: readonly string[], now: Date): ProfileOptions {
  const { values, positionals } = parse(args);
  const [task, ...others] = positionals;
  if ((task !== "classify" && task !== "transcribe") || others.length > 0) {
    throw new UsageError("name one task: classify or transcribe");
  }
  const byDefault = defaults[task];
  const time = now.toISOString().slice(0, 19).replaceAll(":", "-");
  return {
    task,
    requests: count("requests", values.requests, byDefault.requests),
    warmUp: count("warm-up", values["warm-up"], byDefault["warm-up"]),
    concurrency: count("concurrency", values.concurrency, byDefault.concurrency),
    instances: count("instances", values.instances, 1),
    model: values.model ?? byDefault.model,
    audio: values.audio ?? null,
    out: values.out ?? join(projectRoot, `.tmp/profile/${task}-${time}`),
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = {
    requests: text,
    "warm-up": text,
    concurrency: text,
    instances: text,
    model: text,
    audio: text,
    out: text,
  };
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : "the options cannot be read", { cause });
  }
}

function count(name: string, given: string | undefined, byDefault: number): number {
  const value = given === undefined ? byDefault : Number(given);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new UsageError(`--${name} must be a positive whole number, not "${given}"`);
  }
  return value;
}
