import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { projectRoot } from "../../../src/config/load-config.ts";
import { findDecodingOrder, mostSniffedBytes } from "../../../src/processes/mp4-boxes.ts";

test.each([
  ["aac-moov-first.m4a", "streaming"],
  ["aac-fragmented.mp4", "streaming"],
  ["aac.m4a", "whole-file"],
  ["alac.m4a", "whole-file"],
  ["amr-nb.3gp", "whole-file"],
  ["h264-aac.mp4", "whole-file"],
  ["mp3.mp3", "streaming"],
  ["opus.webm", "streaming"],
  ["speech.wav", "streaming"],
])("%s is decoded in the order %s, whether all of it is there or its start", (name, expected) => {
  const bytes = readFileSync(join(projectRoot, "tools/hostile-audio/clips", name));
  expect(findDecodingOrder(bytes, true)).toBe(expected);
  expect(["unknown", expected]).toContain(findDecodingOrder(bytes.subarray(0, 40), false));
});

test("what comes before the index does not matter", () => {
  const start = Buffer.concat([box("ftyp", 16), box("free", 4000), box("uuid", 32)]);
  expect(findDecodingOrder(start, false)).toBe("unknown");
  expect(findDecodingOrder(Buffer.concat([start, box("moov", 100)]), false)).toBe("streaming");
  expect(findDecodingOrder(Buffer.concat([start, box("mdat", 100)]), false)).toBe("whole-file");
});

test("a long box has its length in eight bytes", () => {
  const long = Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from("free"), Buffer.from([0, 0, 0, 0, 0, 0, 0, 24])]);
  expect(findDecodingOrder(Buffer.concat([long, Buffer.alloc(8), box("moov", 20)]), false)).toBe("streaming");
});

test.each([0, 1, 7])("a length of %i leads nowhere: the whole file is needed", (length) => {
  const bytes = Buffer.concat([box("ftyp", 16), Buffer.from([0, 0, 0, length]), Buffer.from("free"), Buffer.alloc(40)]);
  expect(findDecodingOrder(bytes, false)).toBe("whole-file");
});

test("a box that leads out of what is looked at needs the whole file", () => {
  const bytes = Buffer.concat([
    box("ftyp", 16),
    box("free", 10_000_000).subarray(0, 16),
    Buffer.alloc(mostSniffedBytes),
  ]);
  expect(findDecodingOrder(bytes, false)).toBe("whole-file");
});

test("an upload that ends before anything is known is tried as it is", () => {
  expect(findDecodingOrder(Buffer.from("abc"), true)).toBe("streaming");
  expect(findDecodingOrder(box("ftyp", 16), true)).toBe("whole-file");
});

test("whatever the bytes, 64 KiB give an answer, and it never changes with what follows", () => {
  const pieces = fc.array(
    fc
      .tuple(fc.constantFrom("ftyp", "free", "moov", "mdat", "skip", "junk"), fc.nat(200))
      .map(([type, size]) => box(type, size)),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(pieces, fc.uint8Array({ maxLength: 100 }), fc.nat(4000), (boxes, rest, length) => {
      const bytes = Buffer.concat([...boxes, rest]);
      const start = findDecodingOrder(bytes.subarray(0, length), false);
      const all = findDecodingOrder(Buffer.concat([bytes, Buffer.alloc(mostSniffedBytes)]), false);
      expect(all).not.toBe("unknown");
      expect(["unknown", all]).toContain(start);
    }),
  );
});

/** A box with a body of zeros. */
function box(type: string, body: number): Buffer {
  const bytes = Buffer.alloc(8 + body);
  bytes.writeUInt32BE(8 + body);
  bytes.write(type, 4, "latin1");
  return bytes;
}
