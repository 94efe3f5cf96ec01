import { readFile } from "node:fs/promises";

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
  return { totalBytes: bytesOf(text, "MemTotal"), availableBytes: bytesOf(text, "MemAvailable") };
}

function bytesOf(text: string, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  if (kibibytes === undefined) {
    throw new Error(`the system does not say ${field}`);
  }
  return Number(kibibytes) * 1024;
}
