import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { AsyncLogDestination } from "../../../src/telemetry/log-destination.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

const descriptors: number[] = [];

afterEach(() => {
  for (const descriptor of descriptors.splice(0)) {
    closeSync(descriptor);
  }
});

test("lines arrive whole and in order, those of later turns after those of earlier ones", async () => {
  using folder = new TemporaryFolder();
  const { path, descriptor } = openFile(folder);
  const destination = new AsyncLogDestination(descriptor);
  const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index} é\n`);
  for (const [index, line] of lines.entries()) {
    destination.write(line);
    if (index % 100 === 0) {
      await new Promise(setImmediate);
    }
  }
  await destination.flush();
  expect(readFileSync(path, "utf8")).toBe(lines.join(""));
  expect(destination.takeLostLines()).toBe(0);
});

test("a flush with nothing to write resolves", async () => {
  using folder = new TemporaryFolder();
  await expect(new AsyncLogDestination(openFile(folder).descriptor).flush()).resolves.toBeUndefined();
});

test("lines beyond the limit are lost and counted, the others are kept", async () => {
  using folder = new TemporaryFolder();
  const { path, descriptor } = openFile(folder);
  const destination = new AsyncLogDestination(descriptor, 10);
  for (const line of ["1234\n", "5678\n", "90\n"]) {
    destination.write(line);
  }
  await destination.flush();
  expect(readFileSync(path, "utf8")).toBe("1234\n5678\n");
  expect(destination.takeLostLines()).toBe(1);
  expect(destination.takeLostLines()).toBe(0);
  destination.write("again\n");
  await destination.flush();
  expect(readFileSync(path, "utf8")).toBe("1234\n5678\nagain\n");
});

test("a busy reader gets every line once it reads again", async () => {
  using folder = new TemporaryFolder();
  const { reader, writer } = openPipe(folder);
  const destination = new AsyncLogDestination(writer);
  const text = `${"x".repeat(99)}\n`.repeat(5_000);
  destination.write(text);
  // More than a pipe holds: the flush ends with the first refusal.
  await destination.flush();
  const received = Buffer.alloc(text.length);
  let length = 0;
  while (length < text.length) {
    length += readAvailable(reader, received, length);
    await new Promise(setImmediate);
  }
  expect(received.toString()).toBe(text);
});

test("a reader that is gone ends the writing, and lines are counted as lost", async () => {
  using folder = new TemporaryFolder();
  const { reader, writer } = openPipe(folder);
  closeSync(reader);
  descriptors.splice(descriptors.indexOf(reader), 1);
  const destination = new AsyncLogDestination(writer);
  destination.write("nobody reads this\n");
  await destination.flush();
  destination.write("nor this\n");
  await destination.flush();
  expect(destination.takeLostLines()).toBe(1);
});

test("what a full disk refuses counts against the limit for as long as it is held, however often it is tried again", async () => {
  const destination = new AsyncLogDestination(openSync("/dev/full", "w"), 1_000);
  const line = `${"x".repeat(99)}\n`;
  let written = 0;
  let lost = 0;
  for (let attempt = 0; attempt < 4; attempt++) {
    for (let count = 0; count < 15; count++, written++) {
      destination.write(line);
    }
    // Ends when the disk has refused once more.
    await destination.flush();
    lost += destination.takeLostLines();
    // Nothing ever left, so what is not lost is held.
    expect((written - lost) * line.length).toBe(1_000);
  }
  expect(lost).toBe(50);
});

test("what waited behind a refusal leaves after it, in order and once", async () => {
  using folder = new TemporaryFolder();
  const { reader, writer } = openPipe(folder);
  const destination = new AsyncLogDestination(writer);
  const first = `${"x".repeat(99)}\n`.repeat(2_000);
  destination.write(first);
  await destination.flush();
  destination.write("second\n");
  const received = Buffer.alloc(first.length + "second\n".length);
  let length = 0;
  while (length < received.length) {
    length += readAvailable(reader, received, length);
    await new Promise(setImmediate);
  }
  expect(received.toString()).toBe(`${first}second\n`);
  await destination.flush();
  expect(destination.takeLostLines()).toBe(0);
});

test("a full disk ends neither the flush nor the process, and no exit listener is left when it is over", async () => {
  const listeners = process.listenerCount("exit");
  // Stays open: the line is tried again until this process ends.
  const destination = new AsyncLogDestination(openSync("/dev/full", "w"));
  destination.write("no room\n");
  await destination.flush();
  expect(process.listenerCount("exit")).toBe(listeners + 1);
  using folder = new TemporaryFolder();
  const other = new AsyncLogDestination(openFile(folder).descriptor);
  other.write("room\n");
  await other.flush();
  expect(process.listenerCount("exit")).toBe(listeners + 1);
});

function openFile(folder: TemporaryFolder): { path: string; descriptor: number } {
  const path = join(folder.path, "log");
  const descriptor = openSync(path, "w");
  descriptors.push(descriptor);
  return { path, descriptor };
}

/** A pipe whose two ends never wait. */
function openPipe(folder: TemporaryFolder): { reader: number; writer: number } {
  const path = join(folder.path, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  descriptors.push(reader, writer);
  return { reader, writer };
}

function readAvailable(descriptor: number, into: Buffer, offset: number): number {
  try {
    return readSync(descriptor, into, offset, into.length - offset, null);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") {
      return 0;
    }
    throw error;
  }
}
