import fc from "fast-check";
import { expect, test } from "vitest";
import { findCafDecodingOrder } from "../../../src/processes/caf-chunks.ts";
import { clip, clipNames } from "../../../tools/hostile-audio/clip.ts";

const unequal = description(0, 960);
const table = chunk("pakt", 40);

test("packets of unequal length with their table behind the sound need the whole file", () => {
  expect(findCafDecodingOrder(clip("opus.caf"), true)).toBe("whole-file");
  expect(findCafDecodingOrder(file(unequal, chunk("data", 1_000_000)), false)).toBe("whole-file");
});

test("a table before the sound, and packets that need none, are read from front to back", () => {
  expect(findCafDecodingOrder(file(unequal, chunk("free", 4_000), table, chunk("data", -1)), false)).toBe("streaming");
  expect(findCafDecodingOrder(file(description(2, 1), chunk("data", 1_000)), false)).toBe("streaming");
});

test("more is waited for as long as that may tell", () => {
  const start = file(unequal, chunk("free", 4_000));
  expect(findCafDecodingOrder(start.subarray(0, 40), false)).toBe("unknown");
  expect(findCafDecodingOrder(start, false)).toBe("unknown");
  expect(findCafDecodingOrder(start, true)).toBe("whole-file");
  expect(findCafDecodingOrder(file(unequal, chunk("free", 70_000)), false)).toBe("whole-file");
});

test("other files are not its business", () => {
  for (const name of clipNames().filter((each) => !each.endsWith(".caf"))) {
    expect(findCafDecodingOrder(clip(name), true)).toBeNull();
  }
});

test("whatever the chunks say, an answer comes, and none is open when all is there", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (rest) => {
      const bytes = Buffer.concat([file(unequal), rest]);
      expect(["streaming", "whole-file"]).toContain(findCafDecodingOrder(bytes, true));
    }),
  );
});

function file(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from("caff\0\u0001\0\0", "latin1"), ...chunks]);
}

function description(bytesPerPacket: number, framesPerPacket: number): Buffer {
  const content = Buffer.alloc(32);
  content.writeUInt32BE(bytesPerPacket, 16);
  content.writeUInt32BE(framesPerPacket, 20);
  return Buffer.concat([header("desc", content.length), content]);
}

/** Without most of its content, where that is long. */
function chunk(type: string, size: number): Buffer {
  return Buffer.concat([header(type, size), Buffer.alloc(Math.min(Math.max(size, 0), 4_000))]);
}

function header(type: string, size: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.write(type, "latin1");
  bytes.writeBigInt64BE(BigInt(size), 4);
  return bytes;
}
