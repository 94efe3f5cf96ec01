import { describe, expect, it } from "vitest";
import { giveBack } from "../../../src/http/give-back.ts";

describe("giveBack", () => {
  it("takes the memory of a whole buffer away", () => {
    const bytes = new Uint8Array(65_536);
    giveBack(bytes);
    expect(bytes.byteLength).toBe(0);
  });

  it("leaves a part of a buffer alone, for the sake of the other parts", () => {
    const whole = new Uint8Array(70_000).fill(1);
    giveBack(whole.subarray(0, 69_999));
    giveBack(Buffer.from("pooled"));
    expect(whole.every((byte) => byte === 1)).toBe(true);
  });

  it("leaves a small buffer alone, which may belong to a parser", () => {
    const bytes = new Uint8Array(65_535);
    giveBack(bytes);
    expect(bytes.byteLength).toBe(65_535);
  });
});
