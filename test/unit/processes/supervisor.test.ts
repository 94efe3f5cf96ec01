import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ModelState } from "../../../src/events.ts";
import { Supervisor } from "../../../src/processes/supervisor.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";
import { FakeProcess } from "../../helpers/fake-process.ts";

const restart = { backoffInitialMs: 200, backoffMaxMs: 30_000, giveUpAfterFailures: 3, giveUpRetryMs: 60_000 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("it starts every instance, and the spare only when all of them are ready", async () => {
  const model = new Model({ instances: 2, spares: 1 });
  model.supervisor.start();
  expect(model.processes).toHaveLength(2);
  await model.becomeReady(0);
  expect(model.processes).toHaveLength(2);
  await model.becomeReady(1);
  expect(model.processes).toHaveLength(3);
  expect(model.instances).toEqual([0, 1]);
  await model.becomeReady(2);
  expect(model.processes).toHaveLength(3);
  expect(model.instances).toEqual([0, 1]);
});

test("the model is loading until its first instance is ready", async () => {
  const model = new Model({ instances: 2, spares: 0 });
  model.supervisor.start();
  expect([model.supervisor.state, model.supervisor.device]).toEqual(["loading", null]);
  await model.becomeReady(1);
  expect([model.supervisor.state, model.supervisor.device]).toEqual(["ready", "cpu"]);
  expect(model.states).toEqual(["ready"]);
});

test("the spare takes the place of an instance that died, and another spare is started, at once", async () => {
  const model = await readyModel({ instances: 1, spares: 1 });
  await model.die(0);
  expect(model.instances).toEqual([0, 1]);
  expect(model.processes).toHaveLength(3);
  expect(model.states).toEqual(["ready"]);
});

test("an instance that served and died is replaced at once, again and again", async () => {
  const model = await readyModel({ instances: 1, spares: 0 });
  for (let death = 0; death < 20; death++) {
    await model.die(death);
    expect(model.processes).toHaveLength(death + 2);
    await model.becomeReady(death + 1);
  }
  expect(model.instances).toHaveLength(21);
});

test("an exit before ready waits before the next try, longer after each, and starts one process at a time", async () => {
  const model = new Model({ instances: 2, spares: 0 });
  model.supervisor.start();
  await model.die(0, "out of memory");
  await model.die(1, "out of memory");
  expect(model.processes).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(99);
  expect(model.processes).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(101);
  expect(model.processes).toHaveLength(3);
  await model.die(2);
  await vi.advanceTimersByTimeAsync(199);
  expect(model.processes).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(201);
  expect(model.processes).toHaveLength(4);
  await model.becomeReady(3);
  expect(model.processes).toHaveLength(5);
});

test("processes that were started together and failed together are one failure, not several in a row", async () => {
  const model = new Model({ instances: 8, spares: 0 });
  model.supervisor.start();
  for (let index = 0; index < 8; index++) {
    await model.die(index);
  }
  expect(model.supervisor.state).toBe("loading");
  await vi.advanceTimersByTimeAsync(200);
  expect(model.processes).toHaveLength(9);
});

test("after the last allowed failure the circuit is open, starts go on slowly, and a ready process closes it", async () => {
  const model = new Model({ instances: 1, spares: 0 });
  model.supervisor.start();
  await model.failStarts(3);
  expect(model.supervisor.state).toBe("circuit_open");
  expect(model.supervisor.problem()).toBe("the model is broken");
  expect(model.supervisor.retryInMs).toBe(60_000);
  await vi.advanceTimersByTimeAsync(59_999);
  expect(model.processes).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(1);
  expect(model.processes).toHaveLength(4);
  await model.becomeReady(3);
  expect(model.states).toEqual(["circuit_open", "ready"]);
  expect([model.supervisor.problem(), model.supervisor.retryInMs]).toEqual([null, 0]);
  expect(model.instances).toEqual([3]);
});

test("a spare that cannot start leaves a serving model ready", async () => {
  const model = new Model({ instances: 1, spares: 1 });
  model.supervisor.start();
  await model.becomeReady(0);
  for (let index = 1; index <= 5; index++) {
    await model.die(index);
    await vi.advanceTimersByTimeAsync(60_000);
  }
  expect(model.supervisor.state).toBe("ready");
});

test("an instance that dies while a spare's start waits is replaced at once all the same", async () => {
  const model = new Model({ instances: 1, spares: 1 });
  model.supervisor.start();
  await model.becomeReady(0);
  await model.die(1);
  expect(model.processes).toHaveLength(2);
  await model.die(0);
  expect(model.processes).toHaveLength(3);
  await model.becomeReady(2);
  expect(model.instances).toEqual([0, 2]);
});

test("a spare that is ready is promoted at once while the start of another one waits", async () => {
  const model = new Model({ instances: 1, spares: 2 });
  model.supervisor.start();
  await model.becomeReady(0);
  await model.becomeReady(1);
  await model.die(2);
  await model.die(0);
  expect(model.instances).toEqual([0, 1]);
});

test("when the last instance of a model that cannot start any more dies, the circuit opens with the next failure", async () => {
  const model = new Model({ instances: 1, spares: 1 });
  model.supervisor.start();
  await model.becomeReady(0);
  for (let index = 1; index <= 3; index++) {
    await model.die(index);
    if (index < 3) {
      await vi.advanceTimersByTimeAsync(60_000);
    }
  }
  await model.die(0);
  expect(model.supervisor.state).toBe("ready");
  await model.die(4);
  expect(model.supervisor.state).toBe("circuit_open");
});

test("a process that gets ready ends the wait that another one's failure began", async () => {
  const model = new Model({ instances: 2, spares: 0 });
  model.supervisor.start();
  await model.die(0);
  await model.becomeReady(1);
  expect(model.supervisor.retryInMs).toBe(0);
  expect(model.processes).toHaveLength(3);
});

test("a failure without words is described by its exit, never by nothing", async () => {
  const model = new Model({ instances: 1, spares: 0 });
  model.supervisor.start();
  await model.die(0, "");
  expect(model.supervisor.problem()).toBe("crashed before ready (exit code null, signal SIGSEGV)");
});

test("a system that refuses to start a process is met by waiting, like any other failed start", async () => {
  const model = new Model({ instances: 1, spares: 0 });
  const errors = collectEvents(model.events, "error_occurred");
  model.refusal = new Error("spawn ENOMEM");
  model.supervisor.start();
  expect(model.supervisor.problem()).toBe("spawn ENOMEM");
  expect(errors).toEqual([{ where: "supervisor", error: model.refusal }]);
  model.refusal = null;
  await vi.advanceTimersByTimeAsync(200);
  await model.becomeReady(0);
  expect(model.supervisor.state).toBe("ready");
});

test("starts, readiness and exits are told with role, reason and whether the process had been ready", async () => {
  const model = new Model({ instances: 1, spares: 1 });
  const [started, ready, exited] = [
    collectEvents(model.events, "process_started"),
    collectEvents(model.events, "process_ready"),
    collectEvents(model.events, "process_exited"),
  ];
  model.supervisor.start();
  await vi.advanceTimersByTimeAsync(120);
  await model.becomeReady(0);
  await model.die(1, "broken");
  await model.die(0);
  const pids = model.processes.map(({ pid }) => pid);
  expect(started.map(({ pid, role }) => [pids.indexOf(pid), role])).toEqual([
    [0, "active"],
    [1, "spare"],
    [2, "active"],
  ]);
  expect(ready).toEqual([{ model: "model", pid: pids[0], startMs: 120 }]);
  expect(exited.map(({ pid, reason, wasReady }) => [pids.indexOf(pid), reason, wasReady])).toEqual([
    [1, "load_failed", false],
    [0, "crashed", true],
  ]);
});

test("a stop ends every process, starts no other, and is told", async () => {
  const model = await readyModel({ instances: 2, spares: 1 });
  await model.supervisor.stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(model.processes.every(({ isReady }) => !isReady)).toBe(true);
  expect(model.processes).toHaveLength(3);
  expect([model.supervisor.state, model.states]).toEqual(["stopped", ["ready", "stopped"]]);
});

test("a stop while a start waits starts nothing any more", async () => {
  const model = new Model({ instances: 1, spares: 0 });
  model.supervisor.start();
  await model.die(0);
  await model.supervisor.stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(model.processes).toHaveLength(1);
});

test("a kill reaches every process, the starting one too, and starts no other", async () => {
  const model = new Model({ instances: 2, spares: 0 });
  model.supervisor.start();
  await model.becomeReady(0);
  model.supervisor.kill();
  expect(model.processes.map(({ killReason }) => killReason)).toEqual(["stopped", "stopped"]);
  await model.die(0);
  await model.die(1);
  expect(model.processes).toHaveLength(2);
  expect(model.supervisor.state).toBe("stopped");
});

/** A supervisor whose processes the test controls by the order of their start. */
class Model {
  readonly processes: FakeProcess[] = [];
  /** Positions in `processes` of those that became instances. */
  readonly instances: number[] = [];
  readonly states: ModelState[] = [];
  readonly events = strictEventBus();
  readonly supervisor: Supervisor;
  /** What the next start throws. */
  refusal: Error | null = null;

  constructor({ instances, spares }: { instances: number; spares: number }) {
    this.supervisor = new Supervisor({
      model: "model",
      instances,
      spares,
      restart: () => restart,
      events: this.events,
      startProcess: () => this.#start().asInferenceProcess,
      onInstance: (instance) => this.instances.push(this.processes.findIndex(({ pid }) => pid === instance.pid)),
      onState: (state) => this.states.push(state),
    });
  }

  async becomeReady(index: number): Promise<void> {
    this.#at(index).becomeReady();
    await settle();
  }

  /** With a detail it fails to load, without one it crashes. */
  async die(index: number, detail: string | null = null): Promise<void> {
    this.#at(index).die(detail === null || detail === "" ? { detail } : { reason: "load_failed", detail });
    await settle();
  }

  /** The first `count` processes fail before they are ready, each as soon as it was started. */
  async failStarts(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      await this.die(index, "the model is broken");
      if (index < count - 1) {
        await vi.advanceTimersByTimeAsync(restart.backoffMaxMs);
      }
    }
  }

  #start(): FakeProcess {
    if (this.refusal !== null) {
      throw this.refusal;
    }
    const process = new FakeProcess({ isReady: false });
    this.processes.push(process);
    return process;
  }

  #at(index: number): FakeProcess {
    const process = this.processes[index];
    if (process === undefined) {
      throw new Error(`process ${index} was not started; there are ${this.processes.length}`);
    }
    return process;
  }
}

async function readyModel(counts: { instances: number; spares: number }): Promise<Model> {
  const model = new Model(counts);
  model.supervisor.start();
  for (let index = 0; index < counts.instances + counts.spares; index++) {
    await model.becomeReady(index);
  }
  return model;
}

/** Lets everything that waits for a promise of now go on. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}
