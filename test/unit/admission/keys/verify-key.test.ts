import { expect, test, vi } from "vitest";
import { createApiKey, createKeyId } from "../../../../src/admission/keys/api-key.ts";
import { addKey, revokeKey, rotateKey } from "../../../../src/admission/keys/change-keys.ts";
import { KeyHash } from "../../../../src/admission/keys/key-hash.ts";
import { type KeyRecords, maxKeyVersions } from "../../../../src/admission/keys/key-records.ts";
import { verifyFreshKey } from "../../../../src/admission/keys/verify-fresh-key.ts";
import { verifyKey } from "../../../../src/admission/keys/verify-key.ts";
import { Secret } from "../../../../src/secrets/secret.ts";

const now = 1_800_000_000_000;
const chosen = { client: "acme", scopes: ["classify"], tier: "gold", expiresAt: null } as const;
const first = addKey(new Map(), chosen, now);
const whose = { client: "acme", keyId: first.record.id, scopes: ["classify"], tier: "gold" };

test("a known key tells whose it is and what it may do", () => {
  expect(verifyKey(first.key, first.records, now)).toEqual(whose);
});

test("another key of the same id, a key of another id and an altered key are unknown or malformed", () => {
  const text = first.key.use((key) => key);
  expect(verifyKey(createApiKey(first.record.id), first.records, now)).toEqual({ reason: "unknown" });
  expect(verifyKey(createApiKey(createKeyId()), first.records, now)).toEqual({ reason: "unknown" });
  expect(verifyKey(first.key, new Map(), now)).toEqual({ reason: "unknown" });
  for (const typed of ["", "word", text.slice(1), `${text} `, text.toLowerCase()]) {
    expect(verifyKey(new Secret(typed), first.records, now)).toEqual({ reason: "malformed" });
  }
});

test("a key expires at its time", () => {
  const { key, records } = addKey(new Map(), { ...chosen, expiresAt: now + 10 }, now);
  expect(verifyKey(key, records, now + 9)).toMatchObject({ client: "acme" });
  expect(verifyKey(key, records, now + 10)).toEqual({ reason: "expired" });
});

test("a rotated key is valid beside the new one until the overlap ends", () => {
  const second = rotate(first.records, 1_000, now);
  expect(verifyKey(second.key, second.records, now)).toEqual(whose);
  expect(verifyKey(first.key, second.records, now + 999)).toEqual(whose);
  expect(verifyKey(first.key, second.records, now + 1_000)).toEqual({ reason: "expired" });
  expect(verifyKey(second.key, second.records, now + 1_000)).toEqual(whose);
});

test("a rotation without overlap, or a shorter one later, ends the older keys sooner; a longer one does not revive them", () => {
  const second = rotate(first.records, 1_000, now);
  const third = rotate(second.records, 10_000, now + 1);
  expect(verifyKey(first.key, third.records, now + 1_000)).toEqual({ reason: "expired" });
  expect(verifyKey(second.key, third.records, now + 10_000)).toEqual(whose);
  const fourth = rotate(third.records, 0, now + 2);
  for (const { key } of [first, second, third]) {
    expect(verifyKey(key, fourth.records, now + 2)).toEqual({ reason: "unknown" });
  }
  expect(fourth.record.versions).toHaveLength(1);
});

test("there is no room for more valid keys of one id than are compared", () => {
  let { records } = first;
  for (let version = 1; version < maxKeyVersions; version++) {
    ({ records } = rotate(records, 1_000, now));
  }
  const record = records.get(first.record.id) ?? first.record;
  expect(record.versions).toHaveLength(maxKeyVersions);
  expect(rotateKey(records, record, 1_000, now)).toBeNull();
  expect(rotateKey(records, record, 1_000, now + 1_000)).not.toBeNull();
  expect(verifyKey(first.key, records, now)).toEqual(whose);
});

test("a revoked key is unknown, and the others are not", () => {
  const other = addKey(first.records, { ...chosen, client: "other" }, now);
  const records = revokeKey(other.records, first.record.id);
  expect(verifyKey(first.key, records, now)).toEqual({ reason: "unknown" });
  expect(verifyKey(other.key, records, now)).toMatchObject({ client: "other" });
});

test("whatever is presented, the same hashes are made and the same comparisons", () => {
  const many = rotate(rotate(first.records, 1_000, now).records, 1_000, now);
  const presented: [string, Secret, number][] = [
    ["the newest", many.key, now],
    ["the oldest", first.key, now],
    ["expired", first.key, now + 1_000],
    ["another key of the id", createApiKey(first.record.id), now],
    ["an unknown id", createApiKey(createKeyId()), now],
    ["no key", new Secret("word"), now],
    ["nothing", new Secret(""), now],
    ["much", new Secret("w".repeat(512)), now],
  ];
  const hashes = vi.spyOn(KeyHash, "of");
  const comparisons = vi.spyOn(KeyHash.prototype, "equals");
  const work = presented.map(([what, key, time]) => {
    hashes.mockClear();
    comparisons.mockClear();
    verifyKey(key, many.records, time);
    const lengths = hashes.mock.calls.map(([salt, text]) => salt.length + text.use((each) => each.length));
    return { what, lengths, comparisons: comparisons.mock.calls.length };
  });
  vi.restoreAllMocks();
  const keyLength = first.key.use((text) => text.length);
  expect(work).toEqual(presented.map(([what]) => ({ what, lengths: [32 + keyLength], comparisons: maxKeyVersions })));
});

test("a key that was made a moment ago is found in fresh records; a known one asks for none", async () => {
  const source = changingSource(new Map(), first.records);
  expect(await verifyFreshKey(first.key, source)).toEqual(whose);
  expect(verifyFreshKey(first.key, source)).toEqual(whose);
  expect(source.refreshes).toBe(1);
});

test("one that is unknown in fresh records too is refused, and what is no key asks for none", async () => {
  const source = changingSource(new Map(), new Map());
  expect(await verifyFreshKey(first.key, source)).toEqual({ reason: "unknown" });
  expect(verifyFreshKey(new Secret("word"), source)).toEqual({ reason: "malformed" });
  expect(source.refreshes).toBe(1);
});

function rotate(records: KeyRecords, overlapMs: number, at: number) {
  const change = rotateKey(records, records.get(first.record.id) ?? first.record, overlapMs, at);
  if (change === null) {
    throw new Error("there was no room");
  }
  return change;
}

function changingSource(before: KeyRecords, after: KeyRecords) {
  const source = {
    refreshes: 0,
    records: () => (source.refreshes === 0 ? before : after),
    refresh: async () => void source.refreshes++,
    now: () => now,
  };
  return source;
}
