import { expect, onTestFinished, test } from "vitest";
import type { ServiceError } from "../../../src/errors.ts";
import { SpoolFile } from "../../../src/processes/spool-file.ts";
import { SpoolSpace } from "../../../src/processes/spool-space.ts";
import { UploadIntake } from "../../../src/processes/upload-intake.ts";

test("bytes go to the file in the order in which they were written, whether the writer waits or not", async () => {
  const { intake, file, failures } = createIntake();
  void intake.write(Buffer.from("one "));
  void intake.write(Buffer.from("two "));
  await intake.write(Buffer.from("three"));
  const target = Buffer.alloc(20);
  expect(target.toString("utf8", 0, await file.read(target, 0))).toBe("one two three");
  expect(failures).toEqual([]);
});

test("growth is told for every piece and for the end, which comes after all that was written", async () => {
  const { intake, file, growth } = createIntake();
  void intake.write(Buffer.from("RIFF and more"));
  intake.end();
  await intake.completed;
  expect(growth).toEqual([13, 13]);
  expect(file.isComplete).toBe(true);
  expect(intake.isComplete).toBe(true);
});

test("the start of the upload tells how to decode it, before the end where that is possible", async () => {
  const { intake } = createIntake();
  for (const byte of Buffer.from("RIFF....WAVE")) {
    await intake.write(Buffer.of(byte));
  }
  expect(await intake.order).toBe("streaming");
  expect(intake.isComplete).toBe(false);
});

test("an upload that is shorter than that is tried at its end", async () => {
  const { intake } = createIntake();
  void intake.write(Buffer.from("abc"));
  intake.end();
  expect(await intake.order).toBe("streaming");
});

test("one byte too many is too large, and the file is not written on", async () => {
  const { intake, file, failures } = createIntake({ maxBytes: 10 });
  await intake.write(Buffer.alloc(10));
  expect(failures).toEqual([]);
  await intake.write(Buffer.alloc(1));
  await intake.write(Buffer.alloc(1));
  intake.end();
  expect(failures.map(({ code }) => code)).toEqual(["payload_too_large"]);
  expect(file.bytes).toBe(10);
  expect(intake.isComplete).toBe(false);
});

test("without space on disk the upload is refused, and what it took is given back", async () => {
  const space = new SpoolSpace(() => 10);
  const { intake, failures } = createIntake({ space });
  await intake.write(Buffer.alloc(8));
  await intake.write(Buffer.alloc(8));
  expect(failures).toMatchObject([{ code: "overloaded", facts: { reason: "spool_full" } }]);
  expect(space.take(10)).toBe(true);
});

test("an error of the file system is told by its code", async () => {
  const { intake, file, failures } = createIntake();
  file.append = () => Promise.reject(Object.assign(new Error("disk"), { code: "ENOSPC" }));
  await intake.write(Buffer.alloc(8));
  expect(failures).toMatchObject([{ code: "overloaded", facts: { reason: "ENOSPC" } }]);
});

test("an error of the file system at the end is told too", async () => {
  const { intake, file, failures } = createIntake();
  file.complete = () => {
    throw Object.assign(new Error("disk"), { code: "EIO" });
  };
  void intake.write(Buffer.alloc(8));
  intake.end();
  await intake.write(Buffer.alloc(8));
  expect(failures).toMatchObject([{ code: "overloaded", facts: { reason: "EIO" } }]);
  expect(intake.isComplete).toBe(false);
});

test("an empty upload is no audio", async () => {
  const { intake, failures } = createIntake();
  intake.end();
  await intake.write(Buffer.alloc(1));
  expect(failures.map(({ code }) => code)).toEqual(["empty_audio"]);
});

test("closing twice gives the space back once", async () => {
  const space = new SpoolSpace(() => 10);
  const { intake } = createIntake({ space });
  await intake.write(Buffer.alloc(8));
  intake.close();
  intake.close();
  expect(space.take(10)).toBe(true);
  expect(space.take(1)).toBe(false);
});

function createIntake({ space = new SpoolSpace(() => 1_000_000), maxBytes = 1_000_000 } = {}) {
  const file = new SpoolFile();
  const failures: ServiceError[] = [];
  const growth: number[] = [];
  const intake = new UploadIntake({
    file,
    space,
    maxBytes,
    onGrowth: () => growth.push(file.bytes),
    onFailure: (error) => failures.push(error),
  });
  onTestFinished(() => intake.close());
  return { intake, file, failures, growth };
}
