import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { StepRecords } from "../../../../tools/gpu-bench/step-records.ts";

function openRecords(): { readonly records: StepRecords; readonly reopened: () => StepRecords } {
  const work = mkdtempSync(join(tmpdir(), "records-"));
  onTestFinished(() => rmSync(work, { recursive: true }));
  return { records: new StepRecords(work), reopened: () => new StepRecords(work) };
}

const name = "decode";

test("the next call finds what a step printed", () => {
  const { records, reopened } = openRecords();
  expect(records.progressOf({ name })).toBe("waiting");
  records.began(name);
  records.done(name, "{}");
  expect(reopened().progressOf({ name })).toBe("done");
  expect(reopened().outputOf(name)).toBe("{}");
});

test("a step that was cut off twice counts as failed", () => {
  const { records, reopened } = openRecords();
  records.began(name);
  expect(reopened().progressOf({ name })).toBe("interrupted");
  records.began(name);
  expect(reopened().progressOf({ name })).toBe("failed");
  expect(reopened().reasonOf(name)).toBe("it was cut off");
});

test("a failure keeps its reason", () => {
  const { records, reopened } = openRecords();
  records.began(name);
  records.failed(name, "no room");
  expect(reopened().progressOf({ name })).toBe("failed");
  expect(reopened().reasonOf(name)).toBe("no room");
  expect(reopened().outputOf(name)).toBeNull();
});
