import { spawn } from "node:child_process";
import { systemErrorCode } from "../../src/system-error-code.ts";

export interface CommandOptions {
  /** Laid over the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends the command. */
  readonly signal?: AbortSignal;
  /** What the command writes, as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface CommandEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** All that it wrote, to its standard output and error. */
  readonly output: string;
}

/**
 * Runs a program to its end, whatever that is; null where it is not installed.
 * @throws Error when it cannot be started for another reason, or is aborted.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  { environment = {}, signal, onOutput = () => {} }: CommandOptions = {},
): Promise<CommandEnd | null> {
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal === undefined ? {} : { signal }),
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput(text);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      if (systemErrorCode(error) === "ENOENT") {
        resolve(null);
      } else if (child.pid === undefined) {
        reject(error);
      } else {
        // Aborted: until it has ended it may still write.
        child.once("close", () => reject(error));
      }
    });
    child.once("close", (exitCode) => signal?.aborted !== true && resolve({ exitCode, output }));
  });
}
