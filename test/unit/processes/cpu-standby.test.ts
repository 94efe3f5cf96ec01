import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { CpuStandby, type CpuStandbyOptions } from "../../../src/processes/cpu-standby.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";
import { FakeProcess } from "../../helpers/fake-process.ts";
import { waitUntil } from "../../helpers/process-facts.ts";

test("a process is started at the first need, and used again until it was idle for long", async () => {
  const { standby, processes, started, exited } = standbyWith({ idleMs: 20 });
  expect([standby.pids, standby.isAvailable]).toEqual([[], true]);
  const first = standby.acquire();
  processes[0]?.becomeReady();
  expect((await first).pid).toBe(processes[0]?.pid);
  standby.release();
  expect((await standby.acquire()).pid).toBe(processes[0]?.pid);
  await sleep(60);
  expect(standby.pids).toEqual([processes[0]?.pid]);
  standby.release();
  await waitUntil(() => standby.pids.length === 0, "the idle process was stopped");
  expect(started).toMatchObject([{ role: "fallback" }]);
  expect(exited).toMatchObject([{ reason: "stopped", wasReady: true }]);
  const second = standby.acquire();
  processes[1]?.becomeReady();
  expect((await second).pid).toBe(processes[1]?.pid);
});

test("one that does not get ready is told, and none is started again for a while", async () => {
  const { standby, processes, exited } = standbyWith({ retryMs: 40 });
  const failing = standby.acquire();
  processes[0]?.die({ reason: "load_failed", detail: "no room" });
  await expect(failing).rejects.toThrow("load_failed");
  await setImmediate();
  expect(exited).toMatchObject([{ reason: "load_failed", wasReady: false, detail: "no room" }]);
  expect(standby.isAvailable).toBe(false);
  await waitUntil(() => standby.isAvailable, "it may be tried again");
});

test("a start that the system refuses is told, and not tried again for a while", async () => {
  const events = strictEventBus();
  const errors = collectEvents(events, "error_occurred");
  const { standby } = standbyWith({
    events,
    startProcess: () => {
      throw new Error("no descriptors");
    },
  });
  await expect(standby.acquire()).rejects.toThrow("no descriptors");
  expect(errors).toMatchObject([{ where: "supervisor" }]);
  expect(standby.isAvailable).toBe(false);
});

test("one that crashed is not given out again", async () => {
  const { standby, processes, exited } = standbyWith();
  const first = standby.acquire();
  processes[0]?.becomeReady();
  await first;
  processes[0]?.die();
  const second = standby.acquire();
  await setImmediate();
  processes[1]?.becomeReady();
  expect((await second).pid).toBe(processes[1]?.pid);
  expect(exited).toMatchObject([{ reason: "crashed", wasReady: true, detail: null }]);
});

test("what one says that lost a device is told, as of any other process", async () => {
  const { standby, processes, exited } = standbyWith();
  const first = standby.acquire();
  processes[0]?.becomeReady();
  await first;
  processes[0]?.die({ reason: "device_lost", detail: "an error" });
  await setImmediate();
  expect(exited).toMatchObject([{ reason: "device_lost", wasReady: true, detail: "an error" }]);
});

test("one that is to be replaced finishes its run and leaves; the next need starts another", async () => {
  const { standby, processes, exited } = standbyWith();
  expect(standby.readyProcesses).toEqual([]);
  const first = standby.acquire();
  processes[0]?.becomeReady();
  const { pid } = await first;
  expect(standby.readyProcesses).toEqual([{ pid, role: "fallback" }]);
  const outcome = standby.replace(pid);
  await setImmediate();
  expect(standby.pids).toEqual([pid]);
  standby.release();
  expect(await outcome).toBe("replaced");
  expect(exited).toMatchObject([{ pid, reason: "replaced" }]);
  const second = standby.acquire();
  processes[1]?.becomeReady();
  const successor = await second;
  standby.release();
  // An idle one leaves at once, one that is gone cannot.
  expect([await standby.replace(successor.pid), await standby.replace(pid)]).toEqual(["replaced", "exited"]);
});

test("there is none for a model that is not computed elsewhere, and none after the end", async () => {
  expect(standbyWith({ isWanted: () => false }).standby.isAvailable).toBe(false);
  const { standby, processes } = standbyWith();
  const acquired = standby.acquire();
  processes[0]?.becomeReady();
  await acquired;
  await standby.stop();
  expect([standby.pids, standby.isAvailable]).toEqual([[], false]);
  await expect(standby.acquire()).rejects.toThrow("was stopped");
});

test("none is started for who waited for the end of the last one, when all was stopped meanwhile", async () => {
  for (const end of ["stop", "kill"] as const) {
    const { standby, processes } = standbyWith();
    const first = standby.acquire();
    processes[0]?.becomeReady();
    await first;
    // It was asked to leave, and has not exited yet.
    processes[0]?.kill("stopped");
    const second = standby.acquire();
    void standby[end]();
    processes[0]?.die({ reason: "stopped" });
    await expect(second).rejects.toThrow("was stopped");
    expect(processes).toHaveLength(1);
  }
});

function standbyWith(changes: Partial<CpuStandbyOptions> = {}) {
  const events = changes.events ?? strictEventBus();
  const processes: FakeProcess[] = [];
  const standby = new CpuStandby({
    model: "model",
    modelId: "1",
    events,
    startProcess: () => {
      const process = new FakeProcess({ isReady: false });
      processes.push(process);
      return process.asInferenceProcess;
    },
    isWanted: () => true,
    idleMs: 60_000,
    retryMs: 60_000,
    ...changes,
  });
  onTestFinished(() => standby.kill());
  return {
    standby,
    processes,
    started: collectEvents(events, "process_started"),
    exited: collectEvents(events, "process_exited"),
  };
}
