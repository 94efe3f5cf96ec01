import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { OperatorError } from "../operator-error.ts";
import { systemErrorCode } from "../system-error-code.ts";

const ownerOnly = 0o600;
const groupCanRead = 0o040;

/**
 * Replaces a file in one step: a reader sees the old text or the new one, and so does whoever starts after a power cut.
 * A new file is its owner's alone; one that was there keeps its owner, and its group's right to read.
 *
 * @throws {OperatorError} that names the file; then it is as it was.
 */
export function writeSecretFile(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(8).toString("hex")}.tmp`;
  try {
    const before = statSync(path, { throwIfNoEntry: false });
    const descriptor = openSync(temporary, "wx", ownerOnly);
    try {
      writeFileSync(descriptor, text);
      if (before !== undefined) {
        keepOwner(descriptor, before);
      }
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

/** The service, under another user, must still be able to read it. */
function keepOwner(descriptor: number, { uid, gid, mode }: Stats): void {
  if (uid !== process.geteuid?.() || gid !== process.getegid?.()) {
    fchownSync(descriptor, uid, gid);
  }
  fchmodSync(descriptor, ownerOnly | (mode & groupCanRead));
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
