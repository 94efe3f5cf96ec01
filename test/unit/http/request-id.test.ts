import { describe, expect, it } from "vitest";
import { requestIdFrom } from "../../../src/http/request-id.ts";

describe("requestIdFrom", () => {
  it.each(["a", "9b2e.7_x-Y", "a".repeat(128)])("keeps the client's id %j", (id) => {
    expect(requestIdFrom(id)).toBe(id);
  });

  it.each([undefined, "", "a".repeat(129), "a b", "é", 'a"b', "a\nb", ["a", "b"]])(
    "replaces %j by a new UUID",
    (id) => {
      const first = requestIdFrom(id);
      expect(first).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(requestIdFrom(id)).not.toBe(first);
    },
  );
});
