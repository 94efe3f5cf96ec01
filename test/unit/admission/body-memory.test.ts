import { describe, expect, it } from "vitest";
import { BodyMemory, maxLargestBodies } from "../../../src/admission/body-memory.ts";

const overloaded = expect.objectContaining({ code: "overloaded" });

describe("BodyMemory", () => {
  it("refuses a body when those of all addresses fill it, and takes it once one is released", () => {
    const memory = new BodyMemory(100);
    const reservations = Array.from({ length: maxLargestBodies }, (_, address) =>
      memory.reserve(`192.0.2.${address}`, 100),
    );
    expect(() => memory.reserve("198.51.100.1", 1)).toThrow(overloaded);
    reservations[0]?.release();
    expect(() => memory.reserve("198.51.100.1", 100)).not.toThrow();
  });

  it("keeps room for others from an address that announces much and sends nothing", () => {
    const memory = new BodyMemory(100);
    expect(() => {
      for (;;) {
        memory.reserve("192.0.2.1", 100);
      }
    }).toThrow(overloaded);
    expect(() => memory.reserve("192.0.2.2", 100)).not.toThrow();
  });

  it("counts a body of unknown size as it grows, and one that announced its size once", () => {
    const memory = new BodyMemory(100);
    const unknown = memory.reserve("192.0.2.1", 0);
    expect(memory.inUse).toBe(0);
    unknown.growTo(30);
    unknown.growTo(70);
    const announced = memory.reserve("192.0.2.1", 20);
    announced.growTo(10);
    announced.growTo(20);
    expect(memory.inUse).toBe(90);
    unknown.release();
    announced.release();
    expect(memory.inUse).toBe(0);
  });

  it("refuses a body that grows beyond what is free, and releases what it had", () => {
    const memory = new BodyMemory(100);
    const growing = memory.reserve("192.0.2.1", 50);
    expect(() => growing.growTo(100 * maxLargestBodies + 1)).toThrow(overloaded);
    expect(memory.inUse).toBe(50);
    growing.release();
    growing.release();
    expect(memory.inUse).toBe(0);
  });
});
