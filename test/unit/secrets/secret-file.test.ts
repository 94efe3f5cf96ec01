import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSecretFile } from "../../../src/secrets/secret-file.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

const warning = "is readable by others; run `chmod o-r` on it, or set `defaultMode: 0440` where it is mounted";

test("a file of its owner alone is read as it is, line break included", () => {
  using folder = new TemporaryFolder();
  expect(read(folder, "word\n", 0o600)).toEqual({ kind: "read", text: "word\n", warning: null });
});

test("a warning is given when others can read it, and none when the group can", () => {
  using folder = new TemporaryFolder();
  expect(read(folder, "word", 0o644)).toEqual({ kind: "read", text: "word", warning });
  expect(read(folder, "word", 0o440)).toMatchObject({ warning: null });
});

test.each<[string, string | Buffer, number, string]>([
  ["that others can write", "word", 0o602, "is writable by others; run `chmod o-w` on it"],
  ["that is too large", "w".repeat(101), 0o600, "is larger than 100 bytes"],
  ["that is not UTF-8", Buffer.from([0x77, 0xff]), 0o600, "is not valid UTF-8"],
])("a file %s is refused", (_, content, mode, problem) => {
  using folder = new TemporaryFolder();
  expect(read(folder, content, mode)).toEqual({ kind: "refused", problem });
});

test("a folder and a pipe that nobody writes are refused at once", () => {
  using folder = new TemporaryFolder();
  const pipe = join(folder.path, "pipe");
  execFileSync("mkfifo", [pipe]);
  const refusal = { kind: "refused", problem: "is not a regular file" };
  expect(readSecretFile(pipe, 100)).toEqual(refusal);
  expect(readSecretFile(folder.path, 100)).toEqual(refusal);
});

test("a file that is not there is missing, one behind a broken path cannot be opened", () => {
  using folder = new TemporaryFolder();
  const path = folder.write("secret", "word");
  expect(readSecretFile(join(folder.path, "other"), 100)).toEqual({ kind: "missing" });
  expect(readSecretFile(join(path, "below"), 100)).toEqual({ kind: "refused", problem: "cannot be opened (ENOTDIR)" });
});

function read(folder: TemporaryFolder, content: string | Buffer, mode: number) {
  const path = folder.write("secret", content);
  chmodSync(path, mode);
  return readSecretFile(path, 100);
}
