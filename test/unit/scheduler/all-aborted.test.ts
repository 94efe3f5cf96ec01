import { expect, test } from "vitest";
import { allAborted } from "../../../src/scheduler/all-aborted.ts";

test("it aborts with the last of them, for the reason of that one", () => {
  const controllers = [new AbortController(), new AbortController()];
  using all = allAborted(controllers.map(({ signal }) => signal));
  controllers[1]!.abort(new Error("first"));
  expect(all.signal.aborted).toBe(false);
  controllers[0]!.abort(new Error("last"));
  expect(all.signal.reason).toEqual(new Error("last"));
});

test("several windows of one request abort with it", () => {
  const { signal, abort } = controlled();
  using all = allAborted([signal, signal, signal]);
  abort();
  expect(all.signal.aborted).toBe(true);
});

test("those that had aborted count", () => {
  const { signal, abort } = controlled();
  abort();
  using all = allAborted([signal]);
  expect(all.signal.aborted).toBe(true);
});

test("without any it never aborts, and after its disposal it does not listen", () => {
  const { signal, abort } = controlled();
  const all = allAborted([signal]);
  all[Symbol.dispose]();
  abort();
  expect(all.signal.aborted).toBe(false);
  using none = allAborted([]);
  expect(none.signal.aborted).toBe(false);
});

function controlled(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
