import { expect, test } from "vitest";
import type { KeyRecord, KeyRecords } from "../../../../src/admission/keys/key-records.ts";
import { nextExpiry } from "../../../../src/admission/keys/next-expiry.ts";

test("of the keys that are valid now the one that ends first counts", () => {
  expect(nextExpiry(recordsUntil(9_000, 2_000, null, 999), 1_000)).toBe(2_000);
});

test("keys that never end, or have ended, have no next expiry", () => {
  expect(nextExpiry(recordsUntil(null, 999, 1_000), 1_000)).toBeNull();
  expect(nextExpiry(new Map(), 1_000)).toBeNull();
});

function recordsUntil(...ends: (number | null)[]): KeyRecords {
  return new Map(ends.map((expiresAt, index) => [String(index), recordUntil(expiresAt)]));
}

function recordUntil(expiresAt: number | null): KeyRecord {
  return { id: "a", client: "b", scopes: ["classify"], tier: "c", salt: "", createdAt: 0, expiresAt, versions: [] };
}
