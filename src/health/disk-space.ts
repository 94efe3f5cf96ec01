import { statfs } from "node:fs/promises";

/** Of the file system of a folder, in bytes. */
export interface DiskSpace {
  readonly totalBytes: number;
  /** What this user can still write. */
  readonly freeBytes: number;
}

/** @throws Error of the system. */
export async function readDiskSpace(folder: string): Promise<DiskSpace> {
  const { bsize, blocks, bavail } = await statfs(folder);
  return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
}
