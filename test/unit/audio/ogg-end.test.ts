import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { endsWithinOggPage } from "../../../src/audio/ogg-end.ts";
import { projectRoot } from "../../../src/config/load-config.ts";
import { readerOf } from "../../helpers/reader-of.ts";

const opus = readFileSync(join(projectRoot, "tools/hostile-audio/clips/opus.ogg"));

test("a whole file ends with its last page", () => {
  expect(endsWithinOggPage(readerOf(opus), opus.length)).toBe(false);
});

test.each([1, 10, 1000, 3000])("a file without its last %i bytes ends within a page", (missing) => {
  const bytes = opus.subarray(0, opus.length - missing);
  expect(endsWithinOggPage(readerOf(bytes), bytes.length)).toBe(true);
});

test("a file that was cut off between two pages cannot be told from a whole one", () => {
  const bytes = opus.subarray(0, opus.lastIndexOf("OggS"));
  expect(endsWithinOggPage(readerOf(bytes), bytes.length)).toBe(false);
});

test.each(["speech.wav", "mp3.mp3"])("other files have no pages: %s", (name) => {
  const bytes = readFileSync(join(projectRoot, "tools/hostile-audio/clips", name)).subarray(0, 1000);
  expect(endsWithinOggPage(readerOf(bytes), bytes.length)).toBe(false);
});

test("a file of four bytes is cut off", () => {
  expect(endsWithinOggPage(readerOf(Buffer.from("OggS")), 4)).toBe(true);
});
