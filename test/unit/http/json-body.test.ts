import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { parseJsonBody } from "../../../src/http/json-body.ts";

function parse(body: string | Buffer): unknown {
  return parseJsonBody(Buffer.from(body as string));
}

/** fast-check likes the keys that are refused. */
function isHarmless(json: string): boolean {
  return !/__proto__|constructor/.test(json);
}

describe("parseJsonBody", () => {
  it("parses like JSON.parse", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }).filter(isHarmless), (json) => {
        expect(parse(json)).toEqual(JSON.parse(json));
      }),
    );
  });

  it("counts the last of duplicate keys", () => {
    expect(parse('{"a":1,"a":2}')).toEqual({ a: 2 });
  });

  it("skips a byte order mark", () => {
    expect(parse("\ufeff[1]")).toEqual([1]);
  });

  it.each([
    ["an empty body", "", "The body is empty."],
    ["white space only", "  ", "The body is not valid JSON."],
    ["malformed JSON", "{", "The body is not valid JSON."],
    ["trailing garbage", "{} x", "The body is not valid JSON."],
    ["two values", "{}{}", "The body is not valid JSON."],
    ["NaN", '{"a":NaN}', "The body is not valid JSON."],
    ["single quotes", "{'a':1}", "The body is not valid JSON."],
    ["a raw control character", '"\u0000"', "The body is not valid JSON."],
    ["deep nesting", "[".repeat(100_000), "The body is nested more than 32 levels deep."],
    ["invalid UTF-8", Buffer.from([0x22, 0xff, 0x22]), "The body is not valid UTF-8."],
    ["a surrogate in UTF-8", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), "The body is not valid UTF-8."],
    ["UTF-16", Buffer.from('{"a":1}', "utf16le"), "The body is not valid JSON."],
    ["__proto__", '{"a":{"__proto__":1}}', "The body has a key that is not allowed."],
    ["an escaped __proto__", '[{"\\u005f_proto_\\u005F":{}}]', "The body has a key that is not allowed."],
    ["constructor.prototype", '{"constructor":{"prototype":{}}}', "The body has a key that is not allowed."],
    ["an escaped constructor", '{"\\u0063onstructor":{"prototype":1}}', "The body has a key that is not allowed."],
  ])("refuses %s", (_what, body, message) => {
    expect(() => parse(body as string)).toThrow(new ServiceError("invalid_request", message));
  });

  it.each(['"__proto__"', '{"constructor":"x"}', '{"constructor":{"a":1}}', '["constructor"]', '{"prototype":1}'])(
    "accepts %s, which reaches no prototype",
    (json) => {
      expect(parse(json)).toEqual(JSON.parse(json));
    },
  );

  it("says nothing of the text in its message", () => {
    expect(() => parse('{"secret": tralala}')).not.toThrow(/secret|tralala/);
  });
});
