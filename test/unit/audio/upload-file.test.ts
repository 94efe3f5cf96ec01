import { chmodSync, openSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { UploadFile } from "../../../src/audio/upload-file.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("a read at the end of a growing upload waits for more, and ends with the complete upload", () => {
  using folder = new TemporaryFolder();
  const path = folder.write("upload", "first");
  const growth = [() => {}, () => writeFileSync(path, " second", { flag: "a" }), () => chmodSync(path, 0o444)];
  let waits = 0;
  const file = new UploadFile({
    descriptor: openSync(path, "r"),
    waitForGrowth: () => growth[waits++]?.(),
    onRead: () => {},
  });
  expect(readText(file, 0)).toBe("first");
  expect(waits).toBe(0);
  expect(file.isComplete).toBe(false);
  expect(readText(file, 5)).toBe(" second");
  expect(waits).toBe(2);
  expect(readText(file, 12)).toBe("");
  expect(waits).toBe(3);
  expect(file.isComplete).toBe(true);
  expect(file.size).toBe(12);
});

function readText(file: UploadFile, position: number): string {
  const target = Buffer.alloc(100);
  return target.toString("utf8", 0, file.read(target, position));
}
