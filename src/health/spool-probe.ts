import { randomUUID } from "node:crypto";
import { open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemErrorCode } from "../system-error-code.ts";
import { type DiskSpace, readDiskSpace } from "./disk-space.ts";

/** Whether uploads can be put on disk. */
export interface SpoolState extends DiskSpace {
  /** Why a small file could not be written; null when it could. */
  readonly writeProblem: string | null;
}

/** Enough to need a block of its own. */
const probe = new Uint8Array(4096).fill(1);

/**
 * Asks for the free space and writes a file as an upload does: quotas, file systems that became read only and lack of
 * inodes do not show in the free space.
 * @throws Error of the system when not even the space is known.
 */
export async function probeSpool(folder: string = tmpdir()): Promise<SpoolState> {
  return { ...(await readDiskSpace(folder)), writeProblem: await findWriteProblem(folder) };
}

/** A disk that hangs keeps this waiting, and nothing else: nothing here blocks the event loop. */
async function findWriteProblem(folder: string): Promise<string | null> {
  const path = join(folder, `guardrail-probe-${randomUUID()}`);
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await unlink(path);
      await file.write(probe);
    } finally {
      await file.close();
    }
    return null;
  } catch (error) {
    return systemErrorCode(error) ?? "unknown";
  }
}
