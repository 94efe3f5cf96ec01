import fc from "fast-check";
import { expect, test } from "vitest";
import { createApiKey, createKeyId, keyIdOf } from "../../../../src/admission/keys/api-key.ts";

test("a key carries its id, and 43 random characters of 62", () => {
  const id = createKeyId();
  const key = textOf(id);
  expect(key).toMatch(/^gk_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
  expect(keyIdOf(key)).toBe(id);
  expect(43 * Math.log2(62)).toBeGreaterThan(256);
});

test("no two keys are alike, and no character is rare", () => {
  const secrets = Array.from({ length: 2_000 }, () => textOf("A".repeat(12)).slice(16, 59));
  expect(new Set(secrets).size).toBe(secrets.length);
  const counts = new Map<string, number>();
  for (const character of secrets.join("")) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  // 86,000 characters: 1,387 of each expected, with a standard deviation of 37.
  expect(counts.size).toBe(62);
  expect(Math.min(...counts.values())).toBeGreaterThan(1_387 - 8 * 37);
  expect(Math.max(...counts.values())).toBeLessThan(1_387 + 8 * 37);
});

test("every typing error is found: one character replaced, two neighbours swapped, one lost or added", () => {
  const key = textOf(createKeyId());
  fc.assert(
    fc.property(fc.nat(key.length - 2), fc.constantFrom("0", "9", "A", "z", "_", "-", " ", "é"), (at, character) => {
      const typed = [
        key.slice(0, at) + character + key.slice(at + 1),
        key.slice(0, at) + key.charAt(at + 1) + key.charAt(at) + key.slice(at + 2),
        key.slice(0, at) + key.slice(at + 1),
        key.slice(0, at) + character + key.slice(at),
      ];
      expect(typed.filter((text) => text !== key && keyIdOf(text) !== null)).toEqual([]);
    }),
  );
});

test("text that is no key has no id, however long it is", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      expect(keyIdOf(text)).toBeNull();
      expect(keyIdOf(`gk_${text}`)).toBeNull();
    }),
  );
  expect(keyIdOf(`gk_${"A".repeat(1_000_000)}`)).toBeNull();
  expect(keyIdOf(`${textOf(createKeyId())}\n`)).toBeNull();
});

function textOf(id: string): string {
  return createApiKey(id).use((text) => text);
}
