import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { InstanceWork } from "../../../src/scheduler/instance-work.ts";
import { Job, type PendingWindow } from "../../../src/scheduler/job.ts";
import { FakeProcess } from "../../helpers/fake-process.ts";
import { requestContext } from "../../helpers/request-context.ts";

test("an instance is busy until the last of its runs has ended", () => {
  const work = new InstanceWork();
  const instance = new FakeProcess().asInferenceProcess;
  const [one, other] = [[windowOf(1)], [windowOf(2)]];
  work.add(instance);
  expect([work.instanceCount, work.idle.size, work.isAnyBusy]).toEqual([1, 1, false]);
  work.begin(instance, one);
  work.begin(instance, other);
  expect([work.idle.size, work.batchesOf(instance)]).toEqual([0, [one, other]]);
  work.end(instance, one);
  expect([work.idle.size, work.underWay]).toEqual([0, [other]]);
  work.end(instance, other);
  expect([work.idle.has(instance), work.isAnyBusy]).toEqual([true, false]);
});

test("one that retires is given nothing more, and has done so when its runs have ended", async () => {
  const work = new InstanceWork();
  const [idle, busy] = [new FakeProcess().asInferenceProcess, new FakeProcess().asInferenceProcess];
  const batch = [windowOf(1)];
  work.add(idle);
  work.add(busy);
  work.begin(busy, batch);
  await work.retire(idle);
  const retired = work.retire(busy);
  expect([work.idle.size, work.isRetiring(busy)]).toEqual([0, true]);
  work.end(busy, batch);
  await retired;
  expect([work.idle.size, work.isRetiring(busy)]).toEqual([0, false]);
});

test("one that exited is forgotten, and a process that is no instance is never idle", async () => {
  const work = new InstanceWork();
  const [instance, beside] = [new FakeProcess(), new FakeProcess().asInferenceProcess];
  const batch = [windowOf(1)];
  work.add(instance.asInferenceProcess);
  work.begin(beside, batch);
  work.end(beside, batch);
  expect([...work.idle]).toEqual([instance.asInferenceProcess]);
  instance.die();
  await setImmediate();
  expect([work.idle.size, work.instanceCount]).toEqual([0, 0]);
});

function windowOf(token: number): PendingWindow {
  const [window] = new Job([{ kind: "text", inputIds: Int32Array.of(token) }], requestContext(), 0).windows;
  return window ?? expect.unreachable();
}
