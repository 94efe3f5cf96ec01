import fc from "fast-check";
import { expect, test } from "vitest";
import { TimedSamplesReader } from "../../../src/audio/timed-samples.ts";

const header = element([0x1a, 0x45, 0xdf, 0xa3], Buffer.from("what kind of file"));
const unknownSize = Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
const segment = Buffer.concat([Buffer.from([0x18, 0x53, 0x80, 0x67]), unknownSize]);
const stream = Buffer.concat([
  header,
  segment,
  element([0xec], Buffer.alloc(300)),
  cluster(0, [block(0, [0.5, -0.5]), block(100, [0.25])]),
  cluster(70_000, [group(block(-3, [1], 0xa1)), block(5, [])]),
]);
const expected = [
  [0, [0.5, -0.5]],
  [100, [0.25]],
  [69_997, [1]],
  [70_005, []],
];

test("samples come with their times, in whatever pieces the stream comes", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1 }), (pieces) => {
      expect(readAll(stream, pieces)).toEqual({ read: expected, isCutOff: false });
    }),
  );
});

test("a block may be larger than what is read at once", () => {
  const samples = Array.from({ length: 100_000 }, (_, at) => at / 131_072);
  const large = Buffer.concat([segment, cluster(1, [block(0, samples)])]);
  expect(readAll(large, [7000]).read).toEqual([[1, samples]]);
});

test("a stream that breaks off gives what is whole, and says so", () => {
  for (let length = 0; length < stream.length; length++) {
    const { read } = readAll(stream.subarray(0, length), [1000]);
    expect(expected.slice(0, read.length)).toEqual(read);
  }
  expect(readAll(stream.subarray(0, -1), [1000])).toEqual({ read: expected.slice(0, 3), isCutOff: true });
});

test.each([
  ["an element of 16 MiB and more", Buffer.from([0xa3, 0x08, 0xff, 0xff, 0xff, 0xff])],
  ["a block without its header", element([0xa3], Buffer.alloc(3))],
])("%s is refused", (_, bytes) => {
  expect(() => readAll(bytes, [1000])).toThrow("internal");
});

test("whatever comes, reading ends", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        readAll(Buffer.from(bytes), [1000]);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});

function readAll(bytes: Buffer, pieces: readonly number[]): { read: unknown[]; isCutOff: boolean } {
  let position = 0;
  let reads = 0;
  const reader = new TimedSamplesReader((target) => {
    const most = pieces[reads++ % pieces.length] ?? 1;
    const length = bytes.copy(target, 0, position, position + Math.min(most, target.length));
    position += length;
    return length;
  });
  const read: unknown[] = [];
  for (let piece = reader.next(); piece !== null; piece = reader.next()) {
    read.push([piece.timeMs, Array.from(piece.samples)]);
  }
  return { read, isCutOff: reader.isCutOff };
}

function element(id: readonly number[], content: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(0x10_00_00_00 + content.length);
  return Buffer.concat([Buffer.from(id), size, content]);
}

function cluster(timeMs: number, contents: readonly Buffer[]): Buffer {
  const time = Buffer.alloc(3);
  time.writeUIntBE(timeMs, 0, 3);
  const content = Buffer.concat([element([0xe7], time), ...contents]);
  return element([0x1f, 0x43, 0xb6, 0x75], content);
}

function group(content: Buffer): Buffer {
  return element([0xa0], content);
}

function block(timeMs: number, samples: readonly number[], id = 0xa3): Buffer {
  const start = Buffer.from([0x81, 0, 0, 0x80]);
  start.writeInt16BE(timeMs, 1);
  return element([id], Buffer.concat([start, Buffer.from(new Float32Array(samples).buffer)]));
}
