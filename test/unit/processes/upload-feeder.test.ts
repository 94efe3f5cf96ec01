import { Writable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { SpoolFile } from "../../../src/processes/spool-file.ts";
import { UploadFeeder } from "../../../src/processes/upload-feeder.ts";

test("all of a growing upload is copied, once and in order, and its end is passed on", async () => {
  const file = createFile();
  const received: Buffer[] = [];
  // A pipe of the system has taken the bytes when it says so: they may be overwritten then.
  const pipe = new Writable({ write: (piece: Buffer, _, done) => received.push(Buffer.from(piece)) && done() });
  const feeder = new UploadFeeder(file, pipe);
  const running = feeder.run();
  const sent = Array.from({ length: 20 }, (_, at) => Buffer.alloc(1 + at * 9999, at));
  for (const piece of sent) {
    await file.append(piece);
    feeder.announceGrowth();
    await setImmediate();
  }
  file.complete();
  feeder.announceGrowth();
  await running;
  expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
  expect(pipe.writableEnded).toBe(true);
});

test("no more is read than the pipe takes", async () => {
  const file = createFile();
  await file.append(Buffer.alloc(1_000_000));
  let taken = 0;
  const pipe = new Writable({ write: (piece: Buffer) => void (taken += piece.length) });
  void new UploadFeeder(file, pipe).run();
  await vi.waitFor(() => expect(taken).toBe(65_536));
  for (let turn = 0; turn < 100; turn++) {
    await setImmediate();
  }
  expect(taken).toBe(65_536);
});

test("copying ends when the reader is gone", async () => {
  const file = createFile();
  await file.append(Buffer.alloc(1_000_000));
  const pipe = new Writable({ write: (_piece, _encoding, done) => done(new Error("gone")) });
  pipe.on("error", () => {});
  await new UploadFeeder(file, pipe).run();
  expect(pipe.writable).toBe(false);
});

test("copying ends when the file is closed under it", async () => {
  const file = createFile();
  await file.append(Buffer.alloc(1_000_000));
  const pipe = new Writable({
    write: (_piece, _encoding, done) => {
      file.close();
      done();
    },
  });
  await new UploadFeeder(file, pipe).run();
  expect(pipe.writableEnded).toBe(false);
});

test("a close while it waits for growth ends it too", async () => {
  const file = createFile();
  const feeder = new UploadFeeder(file, new Writable({ write: (_piece, _encoding, done) => done() }));
  const running = feeder.run();
  await setImmediate();
  file.close();
  feeder.announceGrowth();
  await running;
  expect(file.isClosed).toBe(true);
});

function createFile(): SpoolFile {
  const file = new SpoolFile();
  onTestFinished(() => file.close());
  return file;
}
