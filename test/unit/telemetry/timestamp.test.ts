import fc from "fast-check";
import { expect, test } from "vitest";
import { isoTimestamp } from "../../../src/telemetry/timestamp.ts";

test("a timestamp is what Date makes of it, in any order of moments", () => {
  const moment = fc.integer({ min: 0, max: 253_402_300_799_999 });
  fc.assert(
    fc.property(fc.array(fc.oneof(moment, fc.integer({ min: 0, max: 3000 })), { maxLength: 20 }), (moments) => {
      expect(moments.map(isoTimestamp)).toEqual(moments.map((each) => new Date(each).toISOString()));
    }),
  );
});
