import { OperatorError } from "../operator-error.ts";
import { isComplete, type Sandbox, sandboxCandidates } from "./sandbox.ts";
import { type SecureProgram, SecureSubprocess } from "./secure-subprocess.ts";

/** A probe takes a tenth of a second; a machine that is this slow gets no weaker sandbox for it, but another try. */
const probeLimitMs = 60_000;

/**
 * The strongest sandbox in which every probe ends well.
 * @throws OperatorError when a complete one is required and none works, when the probes fail without any, and when one
 * of them does not end.
 */
export async function chooseSandbox(
  probes: readonly SecureProgram[],
  mode: "auto" | "require",
  candidates: readonly Sandbox[] = sandboxCandidates(),
): Promise<Sandbox> {
  let failure: string | null = "it is not installed";
  for (const sandbox of mode === "require" ? candidates.filter(isComplete) : candidates) {
    failure = null;
    for (const probe of probes) {
      failure ??= await tryProbe(sandbox, probe);
    }
    if (failure === null) {
      return sandbox;
    }
  }
  throw new OperatorError(
    mode === "require"
      ? `audio.sandbox is require, but bubblewrap with seccomp does not work here: ${failure}`
      : `audio processes cannot be started: ${failure}`,
  );
}

/** Null when it ended well, or what it said. */
async function tryProbe(sandbox: Sandbox, probe: SecureProgram): Promise<string | null> {
  const subprocess = new SecureSubprocess(sandbox, probe, { input: "ignore", output: "ignore" });
  subprocess.limitTime(probeLimitMs);
  const { exitCode, signal, wasKilled } = await subprocess.closed();
  if (wasKilled) {
    throw new OperatorError(`a program in a sandbox (${sandbox.join(", ")}) did not end in ${probeLimitMs} ms`);
  }
  return exitCode === 0 ? null : subprocess.errorText.trim() || `exit code ${exitCode}, signal ${signal}`;
}
