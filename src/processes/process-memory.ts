import { readFileSync } from "node:fs";

/** Memory of one process. */
export interface ProcessMemory {
  /** All that is in memory: what is its own, and what is mapped from files. */
  readonly residentBytes: number;
  /** What is its own, which nobody gets back before it ends. Pages of files are not: the kernel drops them when it must. */
  readonly anonymousBytes: number;
}

/** Null when there is no such process any more. */
export function readProcessMemory(pid: number): ProcessMemory | null {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    // It is gone, or the system has no such file: nothing is known of it either way.
    return null;
  }
  const residentBytes = bytesOf(status, "VmRSS");
  const anonymousBytes = bytesOf(status, "RssAnon");
  return residentBytes === null || anonymousBytes === null ? null : { residentBytes, anonymousBytes };
}

/**
 * A field of a file of `/proc` that the kernel writes in kB, in bytes; null when it has no such line, as that of a process
 * that has ended and was not reaped yet.
 */
export function bytesOf(status: string, field: string): number | null {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}
