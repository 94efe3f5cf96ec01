import { tmpdir } from "node:os";
import { SpoolFile } from "../processes/spool-file.ts";
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
  return { ...(await readDiskSpace(folder)), writeProblem: await findWriteProblem() };
}

async function findWriteProblem(): Promise<string | null> {
  let file: SpoolFile | null = null;
  try {
    file = new SpoolFile();
    await file.append(probe);
    return null;
  } catch (error) {
    return systemErrorCode(error) ?? "unknown";
  } finally {
    file?.close();
  }
}
