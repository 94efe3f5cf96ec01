import { InferenceSession, type Tensor } from "onnxruntime-node";
import type { PhaseTimes } from "./decode-job.ts";

/** One run of a graph. Milliseconds of one clock. */
export interface GraphRun {
  readonly startedAt: number;
  readonly endedAt: number;
  /** CPU time of this process when it ended. */
  readonly cpuMs: number;
  /** Tokens that it fed to the decoder; 0 for another graph. */
  readonly fedTokens: number;
}

/**
 * Lists every run of every ONNX Runtime session that this process opens from now on. A run counts from the call to its
 * result, so with the copies that the Node binding makes of inputs and outputs.
 */
export function listGraphRuns(): GraphRun[] {
  const runs: GraphRun[] = [];
  const create = InferenceSession.create.bind(InferenceSession);
  const createListed = async (...given: unknown[]): Promise<InferenceSession> => {
    const session: InferenceSession = await Reflect.apply(create, undefined, given);
    listRunsOf(session, runs);
    return session;
  };
  Object.assign(InferenceSession, { create: createListed });
  return runs;
}

function listRunsOf(session: InferenceSession, runs: GraphRun[]): void {
  const run = session.run.bind(session);
  const runListed = async (feeds: Feeds, ...others: unknown[]): Promise<unknown> => {
    const startedAt = performance.now();
    const results: unknown = await Reflect.apply(run, undefined, [feeds, ...others]);
    runs.push({ startedAt, endedAt: performance.now(), cpuMs: cpuMilliseconds(), fedTokens: fedTokens(feeds) });
    return results;
  };
  Object.assign(session, { run: runListed });
}

/** User and system time of this process so far. */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

type Feeds = Readonly<Record<string, Tensor>>;

/** Only a decoder has a cache. */
function fedTokens(feeds: Feeds): number {
  const isDecoder = Object.keys(feeds).some((name) => name.startsWith("past_key_values."));
  const fed = feeds["inputs_embeds"] ?? feeds["input_ids"];
  return isDecoder ? (fed?.dims[1] ?? 0) : 0;
}

/** Around one text. */
export interface Moments {
  readonly startedAt: number;
  readonly endedAt: number;
  /** CPU time of this process at the end. */
  readonly endCpuMs: number;
  readonly promptTokens: number;
}

/**
 * Splits what happened between two moments at the end of the run that fed the last token of the prompt.
 * @throws Error when no run did.
 */
export function phaseTimes(
  runs: readonly GraphRun[],
  { startedAt, endedAt, endCpuMs, promptTokens }: Moments,
): PhaseTimes {
  let fed = 0;
  const last = runs.findIndex((run) => {
    fed += run.fedTokens;
    return fed >= promptTokens;
  });
  const lastOfPrompt = runs[last];
  if (lastOfPrompt === undefined) {
    throw new Error(`the decoder was fed ${fed} tokens of a prompt of ${promptTokens}`);
  }
  const decodeRuns = runs.slice(last + 1);
  return {
    promptMs: lastOfPrompt.endedAt - startedAt,
    decodeMs: endedAt - lastOfPrompt.endedAt,
    decodeCpuMs: endCpuMs - lastOfPrompt.cpuMs,
    decodeRunsMs: decodeRuns.reduce((total, run) => total + run.endedAt - run.startedAt, 0),
  };
}
