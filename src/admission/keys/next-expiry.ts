import type { KeyRecords } from "./key-records.ts";

/** When the next key that is valid now will not be any more; null when none has an end. Milliseconds since 1970. */
export function nextExpiry(records: KeyRecords, now: number): number | null {
  let next: number | null = null;
  for (const { expiresAt } of records.values()) {
    if (expiresAt !== null && expiresAt > now) {
      next = Math.min(next ?? expiresAt, expiresAt);
    }
  }
  return next;
}
