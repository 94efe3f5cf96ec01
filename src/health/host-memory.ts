import { readFile } from "node:fs/promises";
import { bytesOf } from "../processes/process-memory.ts";

/** Memory of the whole machine, in bytes. */
export interface HostMemory {
  readonly totalBytes: number;
  /** What processes can still get without swapping. */
  readonly availableBytes: number;
}

/**
 * Of Linux.
 * @throws Error when the system does not say.
 */
export async function readHostMemory(file = "/proc/meminfo"): Promise<HostMemory> {
  const text = await readFile(file, "utf8");
  return { totalBytes: requireField(text, "MemTotal"), availableBytes: requireField(text, "MemAvailable") };
}

function requireField(text: string, field: string): number {
  const bytes = bytesOf(text, field);
  if (bytes === null) {
    throw new Error(`the system does not say ${field}`);
  }
  return bytes;
}
