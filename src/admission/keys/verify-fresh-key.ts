import type { Secret } from "../../secrets/secret.ts";
import type { KeyRecords } from "./key-records.ts";
import { type KeyRefusal, type VerifiedKey, verifyKey } from "./verify-key.ts";

/** The records in force. */
export interface KeySource {
  readonly records: () => KeyRecords;
  /** Resolves when the records are as new as their file was at this call. Its pace is bounded by whoever provides it. */
  readonly refresh: () => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * As `verifyKey`; a well-formed key that is not valid is looked for once more in fresh records, because it may be used
 * the moment after it was made. A valid one is answered at once.
 */
export function verifyFreshKey(
  presented: Secret,
  source: KeySource,
): VerifiedKey | KeyRefusal | Promise<VerifiedKey | KeyRefusal> {
  const verdict = verifyKey(presented, source.records(), source.now());
  // An expired one as well: else its haste would tell that it once was right.
  return "reason" in verdict && verdict.reason !== "malformed" ? verifyAgain(presented, source) : verdict;
}

async function verifyAgain(presented: Secret, source: KeySource): Promise<VerifiedKey | KeyRefusal> {
  await source.refresh();
  return verifyKey(presented, source.records(), source.now());
}
