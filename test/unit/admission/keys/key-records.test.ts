import fc from "fast-check";
import { expect, test } from "vitest";
import { apiKeysBundle } from "../../../../src/admission/keys/key-bundle.ts";
import { KeyHash } from "../../../../src/admission/keys/key-hash.ts";
import {
  formatKeyRecords,
  type KeyRecord,
  keyScopes,
  maxKeyVersions,
  parseKeyRecords,
} from "../../../../src/admission/keys/key-records.ts";

const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
const hexadecimal = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
const version = fc.record({
  hash: hexadecimal(64).map((text) => KeyHash.fromText(text)),
  createdAt: time,
  notAfter: fc.option(time),
});
const record: fc.Arbitrary<KeyRecord> = fc.record({
  id: fc.stringMatching(/^[0-9A-Za-z]{12}$/),
  client: name,
  scopes: fc.uniqueArray(fc.constantFrom(...keyScopes), { minLength: 1 }),
  tier: name,
  salt: hexadecimal(32),
  createdAt: time,
  expiresAt: fc.option(time),
  versions: fc.array(version, { minLength: 1, maxLength: maxKeyVersions }),
});

test("records come out of their file as they went in", () => {
  fc.assert(
    fc.property(fc.uniqueArray(record, { selector: ({ id }) => id, maxLength: 5 }), (list) => {
      const text = formatKeyRecords(new Map(list.map((each) => [each.id, each])));
      const parsed = parseKeyRecords(text);
      const records = "records" in parsed ? parsed.records : new Map<string, KeyRecord>();
      expect(formatKeyRecords(records)).toBe(text);
      expect([...records.values()].map(withoutHashes)).toEqual(list.map(withoutHashes));
    }),
  );
});

const valid = formatKeyRecords(new Map(fc.sample(record, { numRuns: 1, seed: 1 }).map((each) => [each.id, each])));

test.each<[string, (text: string) => string, string]>([
  ["no JSON", (text) => text.slice(1), "is no JSON"],
  ["another format", (text) => text.replace('"format": 1', '"format": 2'), "look at format"],
  ["a list", () => "[]", "look at its top level"],
  [
    "a scope that there is not",
    (text) => text.replace(/"(classify|transcribe|admin|metrics)"/, '"canary"'),
    "look at keys.0.scopes",
  ],
  [
    "a hash that is cut",
    (text) => text.replace(/("hash": "[0-9a-f]*)[0-9a-f]"/, '$1"'),
    "look at keys.0.versions.0.hash",
  ],
  ["a field too many", (text) => text.replace('"id"', '"canary": 1, "id"'), "look at keys.0"],
  ["a date that is none", (text) => text.replace(/"createdAt": "[^"]*"/, '"createdAt": "canary"'), "look at keys.0"],
])("%s is refused, with the place and without the value", (_, change, problem) => {
  const text = change(valid);
  expect(text).not.toBe(valid);
  const parsed = parseKeyRecords(text);
  expect(parsed).toEqual({ problem: expect.stringContaining(problem) });
  expect(JSON.stringify(parsed)).not.toContain("canary");
  expect(apiKeysBundle.fields[0]?.problem(text)).toContain(problem);
});

test("two records of one id are refused", () => {
  const { keys } = JSON.parse(valid) as { keys: unknown[] };
  expect(parseKeyRecords(JSON.stringify({ format: 1, keys: [...keys, ...keys] }))).toEqual({
    problem: "has two records of one id",
  });
});

test("the bundle holds the records by id, and shows no hash", () => {
  expect(apiKeysBundle.fields[0]?.problem(valid)).toBeNull();
  const records = apiKeysBundle.build(() => valid);
  expect(records.size).toBe(1);
  const hash = /"hash": "([0-9a-f]{64})"/.exec(valid)?.[1] ?? "";
  expect(JSON.stringify([...records])).not.toContain(hash);
});

function withoutHashes({ versions, ...rest }: KeyRecord) {
  return { ...rest, versions: versions.map(({ createdAt, notAfter }) => ({ createdAt, notAfter })) };
}
