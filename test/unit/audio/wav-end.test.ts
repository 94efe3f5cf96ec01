import { expect, test } from "vitest";
import { endsWithinWavData } from "../../../src/audio/wav-end.ts";
import { readerOf } from "../../helpers/reader-of.ts";

const format = chunk("fmt ", 16);

test.each([
  ["all of it", 100, 100, false],
  ["less than it declares", 100, 99, true],
  ["nothing of it", 100, 0, true],
  ["more than it declares", 100, 150, false],
])("a file may have %s", (_, declared, actual, expected) => {
  expect(isCut(riff(format, chunk("data", declared, actual)))).toBe(expected);
});

test.each([0x7fff0000, 0x7fffffff, 0xfffffffe, 0xffffffff])(
  "a length of %i is what programs put in that write to a pipe",
  (declared) => {
    expect(isCut(riff(format, chunk("data", declared, 100)))).toBe(false);
  },
);

test("chunks before the sound are walked over, those of odd length with the byte that fills them up", () => {
  expect(isCut(riff(chunk("LIST", 7, 8), format, chunk("data", 10, 8)))).toBe(true);
  expect(isCut(riff(chunk("LIST", 7, 8), format, chunk("data", 10, 10)))).toBe(false);
});

test("a file without sound, a chunk that leads out of it, and another format are not judged", () => {
  expect(isCut(riff(format))).toBe(false);
  expect(isCut(riff(chunk("LIST", 0xffffffff, 100), chunk("data", 100, 0)))).toBe(false);
  expect(isCut(Buffer.from("ID3"))).toBe(false);
  expect(isCut(riff(...Array.from({ length: 1000 }, () => chunk("junk", 0)), chunk("data", 100, 0)))).toBe(false);
});

function isCut(bytes: Buffer): boolean {
  return endsWithinWavData(readerOf(bytes), bytes.length);
}

function riff(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from("RIFF\0\0\0\0WAVE", "latin1"), ...chunks]);
}

function chunk(type: string, declared: number, actual = declared): Buffer {
  const header = Buffer.alloc(8);
  header.write(type, "latin1");
  header.writeUInt32LE(declared, 4);
  return Buffer.concat([header, Buffer.alloc(actual)]);
}
