import fc from "fast-check";
import { expect, test } from "vitest";
import { type CredentialHeaders, parseCredentials } from "../../../../src/admission/keys/credentials.ts";

test.each<[string, CredentialHeaders]>([
  ["a bearer token", { authorization: "Bearer word" }],
  ["the scheme in any case, and more spaces", { authorization: "bEARER   word" }],
  ["a key of its own header", { "x-api-key": "word" }],
  ["both, of one key", { authorization: "Bearer word", "x-api-key": "word" }],
  ["one sent twice", { authorization: ["Bearer word", "Bearer word"], "x-api-key": ["word"] }],
])("%s is the key", (_, headers) => {
  expect(keyIn(headers)).toBe("word");
});

test("without either header there is none", () => {
  expect(parseCredentials({ host: "service" })).toEqual({ kind: "none" });
  expect(parseCredentials({ authorization: [], "x-api-key": undefined })).toEqual({ kind: "none" });
});

test.each<[CredentialHeaders]>([
  [{ authorization: "Bearer word", "x-api-key": "other" }],
  [{ authorization: ["Bearer word", "Bearer other"] }],
  [{ "x-api-key": ["word", "other"] }],
])("keys that differ are refused: %j", (headers) => {
  expect(parseCredentials(headers)).toEqual({ kind: "conflicting" });
});

test.each<[CredentialHeaders]>([
  [{ authorization: "" }],
  [{ authorization: "Bearer" }],
  [{ authorization: "Bearer " }],
  [{ authorization: "Bearer two words" }],
  [{ authorization: "Basic dXNlcjp3b3Jk" }],
  [{ authorization: "word" }],
  [{ authorization: "Basic dXNlcjp3b3Jk", "x-api-key": "word" }],
  [{ authorization: "Bearer word", "x-api-key": "" }],
  [{ authorization: `Bearer ${"w".repeat(506)}` }],
  [{ "x-api-key": "" }],
  [{ "x-api-key": "two words" }],
  [{ "x-api-key": "wörd" }],
  [{ "x-api-key": "w".repeat(513) }],
])("what is no key is refused: %j", (headers) => {
  expect(parseCredentials(headers)).toEqual({ kind: "malformed" });
});

test("every token of the allowed characters comes out as it went in", () => {
  const token = fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,100}={0,2}$/);
  fc.assert(
    fc.property(token, (text) => {
      expect(keyIn({ authorization: `Bearer ${text}` })).toBe(text);
      expect(keyIn({ "x-api-key": text })).toBe(text);
    }),
  );
});

test("the key does not show in what is returned", () => {
  expect(JSON.stringify(parseCredentials({ "x-api-key": "canary" }))).toBe('{"kind":"key","key":"[secret]"}');
});

function keyIn(headers: CredentialHeaders): string | null {
  const credentials = parseCredentials(headers);
  return credentials.kind === "key" ? credentials.key.use((text) => text) : null;
}
