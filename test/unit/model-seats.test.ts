import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ModelSeats, type ModelSeatsOptions, type SeatedStart } from "../../src/model-seats.ts";
import type { InferenceProcess, ProcessExit } from "../../src/processes/inference-process.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { FakeProcess } from "../helpers/fake-process.ts";
import { h200Machine, twoH200 } from "../helpers/gpu-devices.ts";

const minuteMs = 60_000;
const [first, second] = twoH200.map(({ uuid }) => uuid);
const variant = { precision: "fp16", files: [] } as const;
const onGpus = {
  provider: "cuda",
  devices: twoH200,
  onnxRuntime: { packageName: "onnxruntime-node", version: "1.30.0" },
  mayFallBack: true,
  variant,
  cpuVariant: { ...variant, precision: "int8" },
} as const;
const loadFailed = { reason: "load_failed", detail: "no room" } as const;
const deviceLost = { reason: "device_lost", detail: "CUDA failure 700" } as const;

/** On the clock of `performance.now()`, which timers may be ahead of by a part of a millisecond. */
let now = 0;

beforeEach(() => {
  now = 0;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(performance, "now").mockImplementation(() => now);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a device that was set aside is tried again when its time has come, although its timer was early", async () => {
  const model = new Model();
  await model.start().becomesReady();
  await model.loseSecond(3);
  expect([model.seats.devicesSetAside, model.seats.places.instances]).toEqual([[second], 1]);
  const dueAt = 5 * minuteMs;
  now = dueAt - 0.67;
  vi.advanceTimersByTime(dueAt);
  expect(model.offers.at(-1)).toEqual({ instances: 1, spares: 0 });
  now = dueAt + 0.33;
  vi.advanceTimersByTime(1);
  expect(model.offers.at(-1)).toEqual({ instances: 2, spares: 0 });
  const restored = collectEvents(model.events, "device_restored");
  const trial = model.start();
  expect(trial.order.gpu?.uuid).toBe(second);
  await trial.becomesReady();
  expect([restored, model.seats.devicesSetAside]).toEqual([[{ model: "model", device: second }], []]);
  expect(vi.getTimerCount()).toBe(0);
});

test("one that fails again waits for twice as long, and is tried again then", async () => {
  const model = new Model();
  await model.start().becomesReady();
  await model.loseSecond(3);
  pass(5 * minuteMs);
  await model.start().ends(loadFailed);
  expect(model.setAside.map(({ retryMs }) => retryMs / minuteMs)).toEqual([5, 10]);
  pass(9 * minuteMs);
  expect(model.seats.places.instances).toBe(1);
  pass(minuteMs);
  expect(model.offers.at(-1)?.instances).toBe(2);
});

test("a model that was closed or killed tries no device again, and nothing holds it any more", async () => {
  for (const end of ["close", "kill"] as const) {
    const model = new Model();
    await model.start().becomesReady();
    await model.loseSecond(2);
    const last = model.start();
    await last.becomesReady();
    await last.ends(deviceLost);
    expect(vi.getTimerCount()).toBe(1);
    await model.seats[end]();
    expect(vi.getTimerCount()).toBe(0);
  }
});

test("a model falls back once none of its processes is on its way to a device, and computes the CPU's graphs from then on", async () => {
  const model = new Model();
  const fallbacks = collectEvents(model.events, "execution_provider_fell_back");
  const [one, other] = [model.start(), model.start()];
  await one.ends(loadFailed);
  expect([fallbacks, model.seats.variant.precision]).toEqual([[], "fp16"]);
  await other.ends(loadFailed);
  expect(fallbacks).toMatchObject([{ reason: "load_failed", detail: "no room" }]);
  expect(model.seats.variant.precision).toBe("int8");
  expect(model.start().order).toMatchObject({ provider: "cpu", gpu: null, timing: null, variant: onGpus.cpuVariant });
});

test("a crash of a process that was ready says nothing of its device, and a stop before it is ready neither", async () => {
  const model = new Model();
  await model.start().becomesReady();
  for (let end = 0; end < 5; end++) {
    const process = model.start();
    await process.becomesReady();
    await process.ends({ reason: "crashed" });
    await model.start().ends({ reason: "stopped" });
  }
  expect(model.setAside).toEqual([]);
});

test("a process on a device is told for how much there is room in the run that it times", () => {
  expect(new Model().start().order.timing).toEqual({ operations: expect.any(Number) as number, maxUnits: 4096 });
});

test("a start that the system refuses takes no place", () => {
  const model = new Model();
  model.refusal = new Error("spawn ENOMEM");
  expect(() => model.start()).toThrow("spawn ENOMEM");
  model.refusal = null;
  expect([model.start(), model.start()].map(({ order }) => order.gpu?.uuid)).toEqual([first, second]);
});

/** A process that was started in a place; the test decides how it fares. */
interface Started {
  readonly order: SeatedStart;
  becomesReady(): Promise<void>;
  ends(exit: Partial<ProcessExit>): Promise<void>;
}

/** A model of two instances on two H200. */
class Model {
  readonly events = strictEventBus();
  readonly setAside = collectEvents(this.events, "device_set_aside");
  readonly seats: ModelSeats;
  /** The places that there were each time that the model was told of more. */
  readonly offers: ModelSeats["places"][] = [];
  /** What the next start throws. */
  refusal: Error | null = null;
  #order: SeatedStart | null = null;
  #process = new FakeProcess({ isReady: false });

  constructor(changes: Partial<ModelSeatsOptions> = {}) {
    this.seats = new ModelSeats({
      model: "model",
      modelId: "1",
      plan: onGpus,
      profile: h200Machine.profile,
      wanted: { instances: 2, spares: 0 },
      events: this.events,
      startProcess: (order) => this.#start(order),
      maxTimedUnits: () => 4096,
      onPlaces: () => this.offers.push(this.seats.places),
      objectionToAnswers: () => Promise.resolve(null),
      onHopeless: () => expect.unreachable(),
      ...changes,
    });
  }

  start(): Started {
    this.seats.start();
    const process = this.#process;
    const order = this.#order ?? expect.unreachable();
    return {
      order,
      becomesReady: async () => {
        process.becomeReady("cuda");
        await settle();
      },
      ends: async (exit) => {
        process.die(exit);
        await settle();
      },
    };
  }

  /** Process after process gets ready on the second device and loses it. */
  async loseSecond(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      const process = this.start();
      expect(process.order.gpu?.uuid).not.toBe(first);
      await process.becomesReady();
      await process.ends(deviceLost);
    }
  }

  #start(order: SeatedStart): InferenceProcess {
    if (this.refusal !== null) {
      throw this.refusal;
    }
    this.#order = order;
    this.#process = new FakeProcess({ isReady: false });
    return this.#process.asInferenceProcess;
  }
}

function pass(durationMs: number): void {
  now += durationMs;
  vi.advanceTimersByTime(durationMs);
}

/** Lets everything that waits for a promise of now go on. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}
