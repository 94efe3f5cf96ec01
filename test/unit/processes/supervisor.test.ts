import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ModelState, ReplacementOutcome } from "../../../src/events.ts";
import type { Places } from "../../../src/places.ts";
import { Supervisor, type SupervisorOptions } from "../../../src/processes/supervisor.ts";
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

test("a spare takes the place of an instance that is replaced; the next spare starts when the old one is gone", async () => {
  const model = await readyModel({ instances: 1, spares: 1 });
  const outcome = model.replace(0);
  expect(model.instances).toEqual([0, 1]);
  expect([...model.retired.keys()]).toEqual([0]);
  expect(model.ready).toEqual({ active: [1], spare: [] });
  expect(model.processes).toHaveLength(2);
  await model.finishRuns(0);
  expect(await outcome).toBe("replaced");
  expect(model.processes).toHaveLength(3);
  await model.becomeReady(2);
  expect(model.ready).toEqual({ active: [1], spare: [2] });
});

test("without a spare a fresh process is ready before the old one takes no more batches", async () => {
  const model = await readyModel({ instances: 2, spares: 0 });
  const exits = collectEvents(model.events, "process_exited");
  const outcome = model.replace(0);
  expect(model.processes).toHaveLength(3);
  expect(model.ready.active).toEqual([0, 1]);
  expect(model.retired.size).toBe(0);
  await model.becomeReady(2);
  expect(model.ready.active).toEqual([1, 2]);
  expect(exits).toEqual([]);
  await model.finishRuns(0);
  expect(await outcome).toBe("replaced");
  expect(exits).toMatchObject([{ reason: "replaced", wasReady: true }]);
  expect(model.processes).toHaveLength(3);
  expect(model.states).toEqual(["ready"]);
});

test("a spare is replaced by ending it and starting another", async () => {
  const model = await readyModel({ instances: 1, spares: 1 });
  const outcome = model.replace(1);
  expect(model.ready).toEqual({ active: [0], spare: [] });
  await model.finishRuns(1);
  expect(await outcome).toBe("replaced");
  await model.becomeReady(2);
  expect(model.ready).toEqual({ active: [0], spare: [2] });
});

test("an instance stays when its successor cannot start, and can be replaced later", async () => {
  const model = await readyModel({ instances: 1, spares: 0 });
  const first = model.replace(0);
  await model.die(1, "the model is broken");
  expect(await first).toBe("start_failed");
  expect(model.ready.active).toEqual([0]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(model.processes).toHaveLength(2);
  const second = model.replace(0);
  await model.becomeReady(2);
  await model.finishRuns(0);
  expect(await second).toBe("replaced");
  expect(model.ready.active).toEqual([2]);
});

test("an instance stays when the system refuses to start its successor", async () => {
  const model = await readyModel({ instances: 1, spares: 0 });
  collectEvents(model.events, "error_occurred");
  model.refusal = new Error("spawn ENOMEM");
  expect(await model.replace(0)).toBe("start_failed");
  expect(model.ready.active).toEqual([0]);
});

test("an instance that dies before its successor is ready is replaced by it, with no further start", async () => {
  const model = await readyModel({ instances: 1, spares: 0 });
  const outcome = model.replace(0);
  await model.die(0);
  expect(await outcome).toBe("exited");
  expect(model.processes).toHaveLength(2);
  await model.becomeReady(1);
  expect(model.ready.active).toEqual([1]);
});

test("an instance that dies while it finishes its runs has been replaced all the same", async () => {
  const model = await readyModel({ instances: 1, spares: 0 });
  const outcome = model.replace(0);
  await model.becomeReady(1);
  await model.die(0);
  await model.finishRuns(0);
  expect(await outcome).toBe("exited");
  expect(model.ready.active).toEqual([1]);
  expect(model.processes).toHaveLength(2);
});

test("a successor that dies while the old instance finishes its runs is replaced at once", async () => {
  const model = await readyModel({ instances: 1, spares: 0 });
  const outcome = model.replace(0);
  await model.becomeReady(1);
  await model.die(1);
  expect(model.processes).toHaveLength(3);
  await model.becomeReady(2);
  await model.finishRuns(0);
  expect(await outcome).toBe("replaced");
  expect(model.ready.active).toEqual([2]);
});

test("an instance that died elsewhere meanwhile is started again beside the successor", async () => {
  const model = await readyModel({ instances: 2, spares: 0 });
  const outcome = model.replace(0);
  await model.die(1);
  expect(model.processes).toHaveLength(4);
  await model.becomeReady(2);
  expect(model.ready.active).toEqual([0, 2]);
  await model.becomeReady(3);
  expect(model.ready.active).toEqual([2, 3]);
  await model.finishRuns(0);
  expect(await outcome).toBe("replaced");
});

test("a second replacement of a model is refused while one is under way", async () => {
  const model = await readyModel({ instances: 2, spares: 0 });
  void model.replace(0);
  expect(() => model.replace(1)).toThrow("a process is being replaced already");
  await model.becomeReady(2);
  expect(() => model.replace(1)).toThrow("a process is being replaced already");
});

test("a process that is not there any more needs no replacement", async () => {
  const model = await readyModel({ instances: 1, spares: 0 });
  await model.die(0);
  expect(await model.replace(0)).toBe("exited");
});

test("a stop ends an instance that waits for its successor, and one that finishes its runs", async () => {
  const waiting = await readyModel({ instances: 1, spares: 0 });
  const waits = waiting.replace(0);
  await waiting.supervisor.stop();
  expect(await waits).toBe("exited");
  const leaving = await readyModel({ instances: 1, spares: 1 });
  const leaves = leaving.replace(0);
  await leaving.supervisor.stop();
  await leaving.finishRuns(0);
  expect(await leaves).toBe("exited");
  expect([...waiting.processes, ...leaving.processes].every(({ isReady }) => !isReady)).toBe(true);
});

test("whatever dies in whatever order, a replacement ends and never leaves fewer instances than the deaths did", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 2 }),
      fc.array(fc.tuple(fc.constantFrom("replace", "die", "ready", "finish"), fc.nat(20)), { maxLength: 40 }),
      async (instances, spares, steps) => {
        const model = await readyModel({ instances, spares });
        let pending: Promise<ReplacementOutcome> | null = null;
        for (const [step, number] of steps) {
          const before = model.ready.active.length;
          const living = [...model.processes.keys()].filter((each) => !model.hasEnded(each));
          const index = living[number % living.length] ?? 0;
          if (step === "replace" && pending === null) {
            pending = model.replace(index).finally(() => (pending = null));
          } else if (step === "die") {
            await model.die(index);
          } else if (step === "ready" && !(model.processes[index]?.isReady ?? true)) {
            await model.becomeReady(index);
          } else if (step === "finish") {
            await model.finishAllRuns();
          }
          await settle();
          expect(model.ready.active.length).toBeGreaterThanOrEqual(step === "die" ? before - 1 : before);
          expect(model.ready.active.length).toBeLessThanOrEqual(instances + 1);
        }
        for (let round = 0; round < 8; round++) {
          await vi.advanceTimersByTimeAsync(60_000);
          for (const [index, process] of model.processes.entries()) {
            if (!process.isReady && !model.hasEnded(index)) {
              await model.becomeReady(index);
            }
          }
          await model.finishAllRuns();
        }
        expect(pending).toBeNull();
        expect(model.ready.active).toHaveLength(instances);
        expect(model.ready.spare).toHaveLength(spares);
      },
    ),
    { numRuns: 200 },
  );
});

test("the devices of all processes that are ready are known, and the first of all", async () => {
  const model = new Model({ instances: 2, spares: 0 });
  model.supervisor.start();
  expect([model.supervisor.firstDevice, model.supervisor.devices]).toEqual([null, []]);
  await model.becomeReady(0, "cuda");
  await model.becomeReady(1, "cuda");
  expect(model.supervisor.devices).toEqual(["cuda"]);
  await model.die(0);
  await model.becomeReady(2, "cpu");
  expect(model.supervisor.devices).toEqual(["cuda", "cpu"]);
  await model.die(2);
  await model.becomeReady(3, "cuda");
  expect([model.supervisor.firstDevice, model.supervisor.devices]).toEqual(["cuda", ["cuda"]]);
  expect(model.supervisor.pids).toEqual([model.processes[1]?.pid, model.processes[3]?.pid]);
});

test("where there is no memory for two, the old process finishes its runs and leaves before its successor is started", async () => {
  const model = new Model({ instances: 1, spares: 0 });
  model.supervisor.start();
  model.processes[0]?.becomeReady();
  await settle();
  const outcome = model.supervisor.replace(model.processes[0]?.pid ?? -1, "leave_first");
  await settle();
  expect([model.processes.length, model.retired.size, model.supervisor.counts.active]).toEqual([1, 1, 0]);
  model.retired.get(0)?.();
  expect(await outcome).toBe("replaced");
  await settle();
  expect(model.processes).toHaveLength(2);
  model.processes[1]?.becomeReady();
  await settle();
  expect(model.supervisor.counts).toEqual({ active: 1, spare: 0, starting: 0 });
  expect(model.supervisor.problem()).toBeNull();
});

test("a model whose only instance leaves first stays ready while it finishes its runs and while a start takes what it took", async () => {
  const model = new Model({ instances: 1, spares: 0 });
  model.supervisor.start();
  await vi.advanceTimersByTimeAsync(60_000);
  await model.becomeReady(0);
  const outcome = model.supervisor.replace(model.processes[0]?.pid ?? -1, "leave_first");
  await vi.advanceTimersByTimeAsync(120_000);
  expect(model.supervisor.problem()).toBeNull();
  await model.finishRuns(0);
  expect(await outcome).toBe("replaced");
  await vi.advanceTimersByTimeAsync(64_000);
  expect(model.supervisor.problem()).toBeNull();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(model.supervisor.problem()).toBe("no inference process is ready yet");
  await model.becomeReady(1);
  await model.die(1);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(model.supervisor.problem()).toBe("no inference process is ready yet");
});

test("one that dies before it has left is followed at once all the same", async () => {
  const model = new Model({ instances: 2, spares: 0 });
  model.supervisor.start();
  model.processes.forEach((process) => process.becomeReady());
  await settle();
  void model.supervisor.replace(model.processes[0]?.pid ?? -1, "leave_first");
  await settle();
  expect(model.processes).toHaveLength(2);
  model.processes[0]?.die();
  await settle();
  expect(model.processes).toHaveLength(3);
});

test("there are as many instances and spares as there are places for", async () => {
  for (const places of [
    { instances: 3, spares: 2 },
    { instances: 3, spares: 0 },
    { instances: 1, spares: 0 },
  ]) {
    const model = new Model(places);
    model.supervisor.start();
    for (let turn = 0; turn < 6; turn++) {
      model.processes.forEach((process) => process.becomeReady());
      await settle();
    }
    expect(model.supervisor.counts).toEqual({ active: places.instances, spare: places.spares, starting: 0 });
  }
});

test("when there are more places, what was missing is started", async () => {
  const model = await readyModel({ instances: 1, spares: 0 });
  model.places = { instances: 2, spares: 0 };
  model.supervisor.adjust();
  expect(model.processes).toHaveLength(2);
});

test("a spare on a better device takes the place of an instance, which finishes its runs and is followed by a spare", async () => {
  const model = await readyModel({ instances: 2, spares: 1 });
  model.exchange = crowdedBeside(model, [0, 1]);
  model.supervisor.adjust();
  expect(model.ready).toEqual({ active: [1, 2], spare: [] });
  expect(model.processes).toHaveLength(3);
  await model.finishRuns(0);
  await model.becomeReady(3);
  expect(model.ready).toEqual({ active: [1, 2], spare: [3] });
  expect(model.states).toEqual(["ready"]);
});

test("a replacement waits for an exchange that is under way, and no exchange begins during a replacement", async () => {
  const model = await readyModel({ instances: 2, spares: 1 });
  model.exchange = crowdedBeside(model, [0, 1]);
  model.supervisor.adjust();
  const outcome = model.replace(1);
  expect([...model.retired.keys()]).toEqual([0]);
  await model.finishRuns(0);
  await model.becomeReady(3);
  let wasAsked = false;
  model.exchange = () => {
    wasAsked = true;
    return null;
  };
  model.supervisor.adjust();
  expect(wasAsked).toBe(false);
  await model.finishRuns(1);
  expect(await outcome).toBe("replaced");
});

test("a model that is given up before a process was ready is broken at once, until one gets ready all the same", async () => {
  const model = new Model({ instances: 1, spares: 0 });
  model.supervisor.start();
  model.supervisor.giveUp("no device is left");
  expect(model.states).toEqual(["circuit_open"]);
  expect(model.supervisor.problem()).toBe("no device is left");
  model.processes[0]?.becomeReady();
  await settle();
  model.supervisor.giveUp("no device is left");
  expect(model.states).toEqual(["circuit_open", "ready"]);
  expect(model.supervisor.problem()).toBeNull();
});

/** A supervisor whose processes the test controls by the order of their start. */
class Model {
  readonly processes: FakeProcess[] = [];
  /** Positions in `processes` of those that became instances. */
  readonly instances: number[] = [];
  readonly states: ModelState[] = [];
  readonly events = strictEventBus();
  readonly supervisor: Supervisor;
  readonly #ended = new Set<number>();
  /** Positions of those that take no more batches, and how each is told that its runs have ended. */
  readonly retired = new Map<number, () => void>();
  places: Places;
  exchange: SupervisorOptions["exchange"] | null = null;
  /** What the next start throws. */
  refusal: Error | null = null;

  constructor(places: Places) {
    this.places = places;
    this.events.on("process_exited", ({ pid }) => this.#ended.add(pid));
    this.supervisor = new Supervisor({
      model: "model",
      modelId: "1",
      places: () => this.places,
      exchange: (instances, spares) => this.exchange?.(instances, spares) ?? null,
      restart: () => restart,
      events: this.events,
      startProcess: () => this.#start().asInferenceProcess,
      onInstance: (instance) => this.instances.push(this.indexOf(instance.pid)),
      onRetire: ({ pid }) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.retired.set(this.indexOf(pid), resolve);
        return promise;
      },
      onState: (state) => this.states.push(state),
    });
  }

  indexOf(pid: number): number {
    return this.processes.findIndex((process) => process.pid === pid);
  }

  /** Positions of the ready processes, by role. */
  get ready(): { active: number[]; spare: number[] } {
    const of = (wanted: string): number[] =>
      this.supervisor.readyProcesses.filter(({ role }) => role === wanted).map(({ pid }) => this.indexOf(pid));
    return { active: of("active"), spare: of("spare") };
  }

  replace(index: number): Promise<ReplacementOutcome> {
    return this.supervisor.replace(this.#at(index).pid);
  }

  /** The last batch of a retired process is done. */
  async finishRuns(index: number): Promise<void> {
    this.retired.get(index)?.();
    await settle();
  }

  async finishAllRuns(): Promise<void> {
    for (const index of this.retired.keys()) {
      await this.finishRuns(index);
    }
  }

  hasEnded(index: number): boolean {
    return this.#ended.has(this.#at(index).pid);
  }

  async becomeReady(index: number, device?: string): Promise<void> {
    this.#at(index).becomeReady(device);
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

/** Two instances on one device, and any spare on another. */
function crowdedBeside(model: Model, crowded: readonly number[]): SupervisorOptions["exchange"] {
  return (instances, spares) => {
    const there = instances.filter(({ pid }) => crowded.includes(model.indexOf(pid)));
    const [[instance], [spare]] = [there, spares];
    return there.length < 2 || instance === undefined || spare === undefined ? null : { instance, spare };
  };
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
