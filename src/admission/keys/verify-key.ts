import { Secret } from "../../secrets/secret.ts";
import { createApiKey, createKeyId, keyIdOf } from "./api-key.ts";
import { createSalt, KeyHash } from "./key-hash.ts";
import { type KeyRecord, type KeyRecords, type KeyScope, type KeyVersion, maxKeyVersions } from "./key-records.ts";

/** Whose key it is and what it may do. */
export interface VerifiedKey {
  readonly client: string;
  readonly keyId: string;
  readonly scopes: readonly KeyScope[];
  readonly tier: string;
}

/** Why a key is refused; for logs only, clients hear the same in all cases. */
export interface KeyRefusal {
  readonly reason: "unknown" | "expired" | "malformed";
}

/** Nobody knows its key: what is compared with it never matches. */
const nobody: KeyRecord = createNobody();
const noKey: Secret = createApiKey(createKeyId());
const dummyVersion: KeyVersion = {
  hash: KeyHash.of(nobody.salt, createApiKey(nobody.id)),
  createdAt: 0,
  notAfter: null,
};

/**
 * Finds out whose key was presented. `now` is in milliseconds since 1970.
 *
 * Every call does the same work, one hash and `maxKeyVersions` comparisons, whether the key is right, wrong, unknown or
 * no key at all: the time that it takes tells nothing of any record.
 */
export function verifyKey(presented: Secret, records: KeyRecords, now: number): VerifiedKey | KeyRefusal {
  const id = presented.use(keyIdOf);
  const record = records.get(id ?? nobody.id) ?? nobody;
  const hash = KeyHash.of(record.salt, id === null ? noKey : presented);
  let match: KeyVersion | null = null;
  for (let slot = 0; slot < maxKeyVersions; slot++) {
    const version = record.versions[slot];
    const isMatch = hash.equals((version ?? dummyVersion).hash);
    match = isMatch && version !== undefined ? version : match;
  }
  if (match === null) {
    return { reason: id === null ? "malformed" : "unknown" };
  }
  if (isOver(match.notAfter, now) || isOver(record.expiresAt, now)) {
    return { reason: "expired" };
  }
  return { client: record.client, keyId: record.id, scopes: record.scopes, tier: record.tier };
}

function isOver(end: number | null, now: number): boolean {
  return end !== null && now >= end;
}

function createNobody(): KeyRecord {
  // No key has an empty id, so that no lookup finds this one by chance.
  return { id: "", client: "", scopes: [], tier: "", salt: createSalt(), createdAt: 0, expiresAt: null, versions: [] };
}
