import { expect, test } from "vitest";
import { objectStorageBundle } from "../../../src/secrets/object-storage.ts";

const accessKey = "AKIAIOSFODNN7EXAMPLE";
const secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

test.each([
  ["accessKey", accessKey],
  ["secretKey", secretKey],
  ["bucket", "abc"],
  ["bucket", "models.example-1"],
  ["endpoint", "https://s3.eu-west-1.amazonaws.com"],
  ["endpoint", "https://storage.example:9000/base"],
])("%s may be %s", (name, text) => {
  expect(problemOf(name, text)).toBeNull();
});

test.each([
  ["accessKey", "", "must not be empty"],
  ["accessKey", accessKey.slice(1), "must have at least 20 characters"],
  ["accessKey", "A".repeat(129), "must have at most 128 characters"],
  ["accessKey", `${accessKey}\n`, "must have no white space around it; look for a line break at its end"],
  ["accessKey", ` ${accessKey}`, "must have no white space around it; look for a line break at its end"],
  ["accessKey", "AKIAIOSFODNN7 EXAMPLE", "must consist of letters, digits, '_', '.' and '-'"],
  ["secretKey", secretKey.slice(1), "must have at least 40 characters"],
  ["secretKey", `${secretKey.slice(1)}é`, "must consist of letters, digits and the characters of base64"],
  ["secretKey", `${secretKey}\nx`, "must consist of letters, digits and the characters of base64"],
  ["bucket", "ab", "must have at least 3 characters"],
  ["bucket", "Models", "must consist of lower-case letters, digits, '.' and '-'"],
  ["bucket", "-ab", "must begin and end with a letter or digit, and have no two dots in a row"],
  ["bucket", "a..b", "must begin and end with a letter or digit, and have no two dots in a row"],
  ["bucket", "192.0.2.1", "must not look like an IP address"],
  ["endpoint", "http://s3.example", "must be an https URL"],
  ["endpoint", "s3.example", "must be an https URL"],
  ["endpoint", "https://", "must be an https URL"],
  ["endpoint", "https://user:word@s3.example", "must hold no credentials"],
  ["endpoint", "https://s3.example?x=1", "must have neither query nor fragment"],
  ["endpoint", "https://s3 .example", "must consist of printable ASCII characters"],
])("%s may not be %j: %s", (name, text, problem) => {
  expect(problemOf(name, text)).toBe(problem);
});

test("the keys are masked in the value, and the place is not", () => {
  const texts: Record<string, string> = { accessKey, secretKey, bucket: "models", endpoint: "https://s3.example" };
  const value = objectStorageBundle.build((name) => texts[name] ?? "");
  expect(JSON.parse(JSON.stringify(value))).toEqual({
    accessKey: "[secret]",
    secretKey: "[secret]",
    bucket: "models",
    endpoint: "https://s3.example",
  });
  expect(value.secretKey.use((key) => key)).toBe(secretKey);
});

function problemOf(name: string, text: string): string | null {
  const field = objectStorageBundle.fields.find((each) => each.name === name);
  return field === undefined ? "no such field" : field.problem(text);
}
