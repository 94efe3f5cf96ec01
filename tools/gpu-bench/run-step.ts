import { type ChildProcess, spawn } from "node:child_process";
import type { Command, Step } from "./steps.ts";

export type StepEnd =
  | { readonly kind: "done"; readonly output: string }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "cut off" };

interface CommandEnd {
  readonly code: number | null;
  readonly output: string;
  /** The end of what it said besides. */
  readonly errors: string;
}

interface Surroundings {
  readonly running: Set<ChildProcess>;
  readonly say: (text: string) => void;
  readonly cutOff: AbortSignal;
}

const keptErrors = 2000;
/** Benchmarks end the services that they started when they are asked to leave, which takes them a moment. */
const graceMs = 10_000;
/** A benchmark that judges its figures worthless prints them all the same, and exits with this. */
const invalid = 1;

/**
 * Runs the chains of a step side by side; when `cutOff` aborts, what still runs is asked to leave, and killed when it does not.
 * @param say told what they say on standard error, as it comes.
 */
export async function runStep(
  { chains, isBenchmark }: Step,
  cutOff: AbortSignal,
  say: (text: string) => void,
): Promise<StepEnd> {
  const running = new Set<ChildProcess>();
  let kill: NodeJS.Timeout | undefined;
  const leave = (): void => {
    running.forEach((child) => signalGroup(child, "SIGTERM"));
    kill = setTimeout(() => running.forEach((child) => signalGroup(child, "SIGKILL")), graceMs);
  };
  cutOff.addEventListener("abort", leave);
  const ends = await Promise.all(chains.map((chain) => runChain(chain, { running, say, cutOff })));
  cutOff.removeEventListener("abort", leave);
  clearTimeout(kill);
  if (cutOff.aborted) {
    return { kind: "cut off" };
  }
  const isFine = ({ code, output }: CommandEnd): boolean =>
    code === 0 || (isBenchmark && code === invalid && output.trimStart().startsWith("{"));
  const bad = ends.filter((end) => !isFine(end));
  return bad.length === 0
    ? { kind: "done", output: ends.map(({ output }) => output).join("") }
    : { kind: "failed", reason: bad.map(({ code, errors }) => `it ended with ${code}: ${errors}`).join("\n") };
}

/** The end of the last command, or of the first that failed. */
async function runChain(chain: readonly Command[], surroundings: Surroundings): Promise<CommandEnd> {
  let last: CommandEnd = { code: 0, output: "", errors: "" };
  for (const command of chain) {
    if (last.code !== 0 || surroundings.cutOff.aborted) {
      break;
    }
    last = await runCommand(command, surroundings);
  }
  return last;
}

function runCommand({ words, environment }: Command, { running, say }: Surroundings): Promise<CommandEnd> {
  const [file = "", ...args] = words;
  const { promise, resolve } = Promise.withResolvers<CommandEnd>();
  // A group of its own: a benchmark starts services, which are to end with it.
  const child = spawn(file, args, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    say(text);
    errors = `${errors}${text}`.slice(-keptErrors);
  });
  child.once("error", ({ message }) => resolve({ code: null, output, errors: message }));
  child.once("close", (code) => {
    running.delete(child);
    resolve({ code, output, errors });
  });
  return promise;
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
