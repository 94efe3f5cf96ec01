import { closeSync, openSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "../operator-error.ts";
import { systemErrorCode } from "../system-error-code.ts";

const retryMs = 50;
const waitMs = 5_000;

/**
 * Runs the work while nobody else, here or in another container that mounts the folder, runs any under the lock of the
 * same file. The work is synchronous, so that no signal ends the process in the middle of it and leaves the lock behind.
 *
 * @param waitLimitMs How long to wait for others.
 * @throws {OperatorError} when the lock cannot be had in time.
 */
export async function withFileLock<Result>(file: string, work: () => Result, waitLimitMs = waitMs): Promise<Result> {
  const lock = `${file}.lock`;
  for (let waited = 0; !tryCreate(lock); waited += retryMs) {
    if (waited >= waitLimitMs) {
      throw new OperatorError(`${lock} exists: another command is changing the file, or died at it; then remove it`);
    }
    await sleep(retryMs);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function tryCreate(lock: string): boolean {
  try {
    closeSync(openSync(lock, "wx", 0o600));
    return true;
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === "EEXIST") {
      return false;
    }
    throw new OperatorError(`${lock} cannot be created (${code})`, { cause });
  }
}
