import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { OperatorError } from "./operator-error.ts";
import { systemErrorCode } from "./system-error-code.ts";

const permissions = 0o777;
const everyoneCanRead = 0o644;

const sameMode = (before: number | null): number => before ?? everyoneCanRead;

/**
 * Replaces a file in one step: a reader sees the old text or the new one, and so does whoever starts after a power cut.
 * One that was there keeps its owner. `modeOf` says the permissions of the new one from those of the old one, or from
 * null when there was none: no other process may open it before it has them. Without it they stay, and everyone can read a
 * file that was not there.
 *
 * @throws {OperatorError} that names the file; then it is as it was.
 */
export function replaceFile(path: string, text: string, modeOf = sameMode): void {
  const temporary = `${path}.${randomBytes(8).toString("hex")}.tmp`;
  try {
    const before = statSync(path, { throwIfNoEntry: false });
    const descriptor = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(descriptor, text);
      // Whoever reads it under another user must still be able to.
      if (before !== undefined && (before.uid !== process.geteuid?.() || before.gid !== process.getegid?.())) {
        fchownSync(descriptor, before.uid, before.gid);
      }
      fchmodSync(descriptor, modeOf(before === undefined ? null : before.mode & permissions));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new OperatorError(`${path} cannot be written (${systemErrorCode(cause)})`, { cause });
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
