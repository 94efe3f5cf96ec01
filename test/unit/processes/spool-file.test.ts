import { fstatSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { SpoolFile } from "../../../src/processes/spool-file.ts";
import { waitUntil } from "../../helpers/process-facts.ts";

test("what was appended is read back, here and through the descriptor for others", async () => {
  const file = createFile();
  await file.append(Buffer.from("first"));
  await file.append(Buffer.from(" second"));
  expect(file.bytes).toBe(12);
  const target = Buffer.alloc(20);
  expect(await file.read(target, 6)).toBe(6);
  expect(target.toString("utf8", 0, 6)).toBe("second");
  expect(readSync(file.readDescriptor, target, 0, 20, 0)).toBe(12);
  expect(await file.read(target, 12)).toBe(0);
});

test("the file has no name from the start", () => {
  expect(fstatSync(createFile().readDescriptor).nlink).toBe(0);
});

test("others cannot write to it, and see by its mode when it is complete", () => {
  const file = createFile();
  const mode = (): number => fstatSync(file.readDescriptor).mode & 0o777;
  expect(mode()).toBe(0o644);
  expect(file.isComplete).toBe(false);
  file.complete();
  expect(mode()).toBe(0o444);
  expect(file.isComplete).toBe(true);
});

test("closing gives the disk space back, while it is written to and read too", async () => {
  const before = spoolFiles();
  const file = new SpoolFile();
  const writing = file.append(Buffer.alloc(1_000_000));
  const reading = file.read(Buffer.alloc(10), 0);
  expect(spoolFiles()).toBe(before + 2);
  file.close();
  file.close();
  await Promise.all([writing, reading]);
  await waitUntil(() => spoolFiles() === before, "the descriptors are closed");
});

test("a closed file takes and gives nothing", async () => {
  const file = new SpoolFile();
  file.close();
  await file.append(Buffer.from("late"));
  expect(file.bytes).toBe(0);
  expect(await file.read(Buffer.alloc(10), 0)).toBe(0);
});

function createFile(): SpoolFile {
  const file = new SpoolFile();
  onTestFinished(() => file.close());
  return file;
}

/** Open descriptors of such files in this process. */
function spoolFiles(): number {
  return readdirSync("/proc/self/fd").filter((descriptor) => targetOf(descriptor).includes("guardrail-upload-")).length;
}

/** The folder that is being listed is open too, and gone when it is asked for. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return "";
  }
}
