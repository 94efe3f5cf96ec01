import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Interval, SessionRecord } from "../recording/recording.ts";
import { clockOffset } from "./clock-offset.ts";
import { selfTimes } from "./self-times.ts";

/** An event of ONNX Runtime's profile, in the format of Chrome traces; times in microseconds. */
interface OrtEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, unknown>>;
}

/** One operator that ran. */
export interface NodeRun extends Interval {
  /** In the graph as it was optimized. */
  readonly node: string;
  /** Such as `MatMul`. */
  readonly operator: string;
  readonly executionProvider: string;
  /** Without the operators of the graphs inside of it, as `If` and `Loop` have them. */
  readonly selfMs: number;
  readonly outputBytes: number;
  /** Types and shapes of its outputs. */
  readonly outputs: unknown;
  /** Of the session's allocator while it ran; null where ONNX Runtime does not tell. */
  readonly arenaBytes: number | null;
}

/** A graph's profile, on the clock of the machine. */
export interface GraphProfile {
  readonly graph: string;
  /** As our code called it. */
  readonly calls: readonly Interval[];
  /** As ONNX Runtime counts it. */
  readonly runs: readonly Interval[];
  readonly nodes: readonly NodeRun[];
  /** How far its clock may be off, in milliseconds. */
  readonly clockErrorMs: number;
  /** ONNX Runtime ran out of room for events: what came later is missing. */
  readonly isCutOff: boolean;
}

/** What ONNX Runtime writes after the name of an operator that ran. */
const nodeSuffix = "_kernel_time";

/** @throws Error when there is no profile, or the process was killed while it was written. */
export function readOrtProfile({ graph, profilePrefix, calls }: SessionRecord): GraphProfile {
  const events = parseProfile(findProfile(profilePrefix));
  const ortRuns = events.filter(({ cat, name }) => cat === "Session" && name === "model_run").map(intervalOf);
  const inOrder = ortRuns.toSorted((one, other) => one.startMs - other.startMs);
  const { offsetMs, errorMs } = clockOffset(inOrder, calls);
  const shifted = ({ startMs, endMs }: Interval): Interval => ({
    startMs: startMs + offsetMs,
    endMs: endMs + offsetMs,
  });
  const nodes = events.filter(({ cat, name }) => cat === "Node" && name.endsWith(nodeSuffix));
  const selfMs = selfTimes(nodes.map(intervalOf));
  return {
    graph,
    calls,
    runs: inOrder.map(shifted),
    nodes: nodes.map((event, index) => ({
      ...nodeRunOf(event),
      ...shifted(intervalOf(event)),
      selfMs: selfMs[index] ?? 0,
    })),
    clockErrorMs: errorMs,
    isCutOff: inOrder.length < calls.length,
  };
}

/** ONNX Runtime puts the time at which it opened the file behind the prefix. */
function findProfile(prefix: string): string {
  const folder = dirname(prefix);
  const name = readdirSync(folder).find((each) => each.startsWith(`${basename(prefix)}_`));
  if (name === undefined) {
    throw new Error(`ONNX Runtime wrote no profile that begins with ${prefix}`);
  }
  return join(folder, name);
}

function parseProfile(file: string): OrtEvent[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as OrtEvent[];
  } catch (cause) {
    throw new Error(`ONNX Runtime's profile ${file} is incomplete or too large: try fewer requests`, { cause });
  }
}

function intervalOf({ ts, dur }: OrtEvent): Interval {
  return { startMs: ts / 1000, endMs: (ts + dur) / 1000 };
}

function nodeRunOf({ name, args }: OrtEvent): Omit<NodeRun, "selfMs" | keyof Interval> {
  return {
    node: name.slice(0, -nodeSuffix.length),
    operator: String(args["op_name"]),
    executionProvider: String(args["provider"]),
    outputBytes: Number(args["output_size"] ?? 0),
    outputs: args["output_type_shape"],
    arenaBytes: args["mem_arena_held"] === undefined ? null : Number(args["mem_arena_held"]),
  };
}
