import { addKey } from "../../src/admission/keys/change-keys.ts";
import type { KeyRecord, KeyRecords } from "../../src/admission/keys/key-records.ts";

/** A list of keys with one key in it, as text. */
export interface ListedKey {
  readonly records: KeyRecords;
  readonly record: KeyRecord;
  readonly key: string;
}

/** Adds a key to a list. */
export function listKey(
  changes: Partial<Pick<KeyRecord, "client" | "scopes" | "tier" | "expiresAt">> = {},
  records: KeyRecords = new Map(),
): ListedKey {
  const chosen = { client: "acme", scopes: ["classify"], tier: "default", expiresAt: null, ...changes } as const;
  const added = addKey(records, chosen, 0);
  return { records: added.records, record: added.record, key: added.key.use((text) => text) };
}
