import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { OperatorError } from "../../../src/operator-error.ts";
import { withFileLock } from "../../../src/secrets/file-lock.ts";
import { writeSecretFile } from "../../../src/secrets/write-secret-file.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

const isRoot = process.geteuid?.() === 0;

test("a new file is its owner's alone", () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "keys");
  writeSecretFile(path, "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(modeOf(path)).toBe("600");
  expect(readdirSync(folder.path)).toEqual(["keys"]);
});

test("a file that was there is replaced, not written, and its group keeps its right to read", () => {
  using folder = new TemporaryFolder();
  const path = folder.write("keys", "old");
  chmodSync(path, 0o664);
  const before = statSync(path);
  writeSecretFile(path, "new");
  expect(statSync(path).ino).not.toBe(before.ino);
  expect(modeOf(path)).toBe("640");
});

test.skipIf(!isRoot)("a file of another user stays theirs", () => {
  using folder = new TemporaryFolder();
  const path = folder.write("keys", "old");
  chownSync(path, 65_534, 65_534);
  writeSecretFile(path, "new");
  expect(statSync(path)).toMatchObject({ uid: 65_534, gid: 65_534 });
});

test("what cannot be written leaves everything as it was", () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "keys");
  mkdirSync(path);
  expect(() => writeSecretFile(path, "new")).toThrow(OperatorError);
  expect(readdirSync(folder.path)).toEqual(["keys"]);
  expect(() => writeSecretFile(join(folder.path, "none/keys"), "new")).toThrow(/cannot be written \(ENOENT\)$/);
});

test("work under the lock of a file is done one after the other, and the lock goes with it", async () => {
  using folder = new TemporaryFolder();
  const path = folder.write("count", "0");
  const lock = `${path}.lock`;
  const add = (): void => {
    expect(statSync(lock).isFile()).toBe(true);
    writeFileSync(path, String(Number(readFileSync(path, "utf8")) + 1));
  };
  await Promise.all([withFileLock(path, add), withFileLock(path, add), withFileLock(path, add)]);
  expect(readFileSync(path, "utf8")).toBe("3");
  const failing = withFileLock(path, () => {
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(readdirSync(folder.path)).toEqual(["count"]);
});

test("a lock that is never released is told by its name", async () => {
  using folder = new TemporaryFolder();
  const path = folder.write("count", "0");
  folder.write("count.lock", "");
  await expect(withFileLock(path, () => 1, 0)).rejects.toThrow(`${path}.lock exists`);
  await expect(withFileLock(join(folder.path, "none/count"), () => 1)).rejects.toThrow(/cannot be created \(ENOENT\)$/);
});

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
