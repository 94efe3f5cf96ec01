import type { Secret } from "../../secrets/secret.ts";
import { createApiKey, createKeyId } from "./api-key.ts";
import { createSalt, KeyHash } from "./key-hash.ts";
import { type KeyRecord, type KeyRecords, type KeyVersion, maxKeyVersions } from "./key-records.ts";

/** What somebody chooses about a new key. */
export type NewKey = Pick<KeyRecord, "client" | "scopes" | "tier" | "expiresAt">;

/** New records, the record that changed, and its new key, which is known here and now only. */
export interface KeyChange {
  readonly records: KeyRecords;
  readonly record: KeyRecord;
  readonly key: Secret;
}

/** Adds a key. Times, here and below, are in milliseconds since 1970. */
export function addKey(records: KeyRecords, { client, scopes, tier, expiresAt }: NewKey, now: number): KeyChange {
  const id = createKeyId();
  const salt = createSalt();
  const key = createApiKey(id);
  const versions = [{ hash: KeyHash.of(salt, key), createdAt: now, notAfter: null }];
  const record = { id, client, scopes, tier, salt, createdAt: now, expiresAt, versions };
  return { records: withRecord(records, record), record, key };
}

/**
 * Gives a record a new key. The ones before it are valid for `overlapMs` more, or less where their end was set already.
 * Null when so many are still valid that there is no room for one more.
 */
export function rotateKey(records: KeyRecords, record: KeyRecord, overlapMs: number, now: number): KeyChange | null {
  const older = record.versions
    .map((version) => ({ ...version, notAfter: Math.min(version.notAfter ?? Infinity, now + overlapMs) }))
    .filter(({ notAfter }) => notAfter > now);
  if (older.length >= maxKeyVersions) {
    return null;
  }
  const key = createApiKey(record.id);
  const newest: KeyVersion = { hash: KeyHash.of(record.salt, key), createdAt: now, notAfter: null };
  const rotated = { ...record, versions: [newest, ...older] };
  return { records: withRecord(records, rotated), record: rotated, key };
}

/** Takes a key away, all of its versions, at once. */
export function revokeKey(records: KeyRecords, id: string): KeyRecords {
  return new Map([...records].filter(([each]) => each !== id));
}

function withRecord(records: KeyRecords, record: KeyRecord): KeyRecords {
  return new Map([...records, [record.id, record]]);
}
