import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const maxBytes = 1_048_576;
/** Characters of what the command says about its failure. */
const longestReason = 300;

/**
 * A table of NVIDIA's driver, without header and units; null where its command is not installed.
 * @param table the question, such as `--query-gpu=name,memory.total`.
 * @param timeoutMs after which the command is killed and no longer waited for: a driver in trouble may keep it for ever.
 * @throws Error when the command fails or takes too long.
 */
export function askNvidiaSmi(table: string, timeoutMs: number, command = "nvidia-smi"): Promise<string | null> {
  return ask([table, "--format=csv,noheader,nounits"], timeoutMs, command);
}

/**
 * The list of NVIDIA's driver, of GPUs and the slices that they are cut into, under the same conditions.
 * @throws Error when the command fails or takes too long.
 */
export function listNvidiaDevices(timeoutMs: number, command = "nvidia-smi"): Promise<string | null> {
  return ask(["-L"], timeoutMs, command);
}

/** The lines of an answer that say something. */
export function linesOf(answer: string): string[] {
  return answer.split(/\r?\n/).filter((line) => line.trim() !== "");
}

/** The fields of each row of a table. */
export function rowsOf(table: string): string[][] {
  return linesOf(table).map((line) => line.split(",").map((field) => field.trim()));
}

async function ask(question: readonly string[], timeoutMs: number, command: string): Promise<string | null> {
  const options = { timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: maxBytes } as const;
  const answer = run(command, question, options).then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") {
        return null;
      }
      throw new Error(describeFailure(error, timeoutMs), { cause: error });
    },
  );
  const waited = new AbortController();
  try {
    // In a system call that never returns it cannot even be killed.
    return await Promise.race([answer, throwAfter(2 * timeoutMs, waited.signal)]);
  } finally {
    waited.abort();
  }
}

/** The command says on its standard output what is wrong. */
function describeFailure(error: unknown, timeoutMs: number): string {
  const { killed, stdout = "" } = error as { readonly killed?: boolean; readonly stdout?: string };
  if (killed === true) {
    return `nvidia-smi was killed after ${timeoutMs / 1000} s without an answer`;
  }
  const reason = linesOf(stdout)[0]?.trim() ?? (error instanceof Error ? error.message : "it said nothing");
  return `nvidia-smi failed: ${reason.slice(0, longestReason)}`;
}

async function throwAfter(milliseconds: number, signal: AbortSignal): Promise<never> {
  await sleep(milliseconds, undefined, { ref: false, signal });
  throw new Error("the driver's command does not end");
}
