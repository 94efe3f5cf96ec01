import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ReplacementOutcome } from "../../../src/events.ts";
import type { CgroupMemory } from "../../../src/processes/cgroup-memory.ts";
import type { GpuMemory } from "../../../src/processes/gpu-memory.ts";
import { type MemorySettings, MemoryWatch, type WatchedModel } from "../../../src/processes/memory-watch.ts";
import type { ReadyProcess, ReplacementOrder } from "../../../src/processes/supervisor.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";

const mebibyte = 1024 * 1024;
const halfWindowSeconds = 16;
const hourSeconds = 3600;

const settings: MemorySettings = {
  sampleMs: 1000,
  windowSamples: 32,
  horizonSeconds: 60,
  processLimitBytes: 1024 * mebibyte,
  maxReplacementsPerHour: 3,
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a process that leaks is replaced once its memory will be used up within the horizon, and no earlier", async () => {
  const machine = new Machine();
  const model = machine.serve("leaky", { startMib: 100, mibPerSecond: 2 });
  machine.watch.start();
  // 924 MiB are left; the last 60 s of them begin at 804 MiB more.
  await passSeconds(400);
  expect(machine.forecasts).toEqual([]);
  expect(statisticsOf(machine, "leaky").processes[0]?.forecast?.seconds).toBeCloseTo(62, 3);
  await passSeconds(3);
  expect(machine.forecasts).toMatchObject([{ model: "leaky", pid: 1, resource: "process", limitBytes: 2 ** 30 }]);
  expect(machine.forecasts[0]?.bytesPerSecond).toBeCloseTo(2 * mebibyte, 0);
  expect(machine.forecasts[0]?.seconds).toBeLessThanOrEqual(60);
  expect(machine.forecasts[0]?.seconds).toBeGreaterThan(57);
  expect(model.asked).toEqual([1]);
  await model.finish("replaced");
  expect(machine.replacements).toMatchObject([{ model: "leaky", pid: 1, reason: "process", outcome: "replaced" }]);
  await passSeconds(300);
  expect([model.asked, machine.forecasts.length]).toEqual([[1], 1]);
});

test("processes that do not leak are left alone", async () => {
  const machine = new Machine();
  const model = machine.serve("sound", { startMib: 900, mibPerSecond: 0 });
  machine.watch.start();
  await passSeconds(2 * hourSeconds);
  expect([model.asked, machine.forecasts]).toEqual([[], []]);
  expect(statisticsOf(machine, "sound")).toMatchObject({
    processes: [{ pid: 1, role: "active", bytes: 900 * mebibyte, bytesPerSecond: 0, gpuBytes: null, forecast: null }],
    replacements: 0,
    isStopped: false,
  });
});

test("a process that is above its limit is replaced even when it grows in steps", async () => {
  const machine = new Machine();
  const model = machine.serve("steps", { startMib: 1000, mibPerSecond: 0 });
  machine.watch.start();
  await passSeconds(100);
  expect(model.asked).toEqual([]);
  model.add(1, 100);
  await passSeconds(1);
  expect(model.asked).toEqual([1]);
  expect(machine.forecasts).toMatchObject([{ resource: "process", seconds: 0 }]);
});

test("two models that leak at once are replaced one after the other, the most urgent first", async () => {
  const machine = new Machine();
  const slow = machine.serve("slow", { startMib: 900, mibPerSecond: 3 });
  const fast = machine.serve("fast", { startMib: 900, mibPerSecond: 4 });
  machine.watch.start();
  await passSeconds(halfWindowSeconds + 100);
  expect([slow.asked, fast.asked]).toEqual([[], [2]]);
  await fast.finish("replaced");
  await passSeconds(1);
  expect([slow.asked, fast.asked]).toEqual([[1], [2]]);
  expect(machine.mostAtOnce).toBe(1);
});

test("two instances of one model that leak at once are replaced one after the other", async () => {
  const machine = new Machine();
  const model = machine.serve("twins", { startMib: 1000, mibPerSecond: 1, processes: 2 });
  machine.watch.start();
  await passSeconds(halfWindowSeconds + 10);
  expect(model.asked).toEqual([1]);
  await model.finish("replaced");
  await passSeconds(1);
  expect(model.asked).toEqual([1, 2]);
  expect(machine.mostAtOnce).toBe(1);
});

test("when each successor leaks too, the watch stops after so many, tells it once, and goes on after an hour", async () => {
  const machine = new Machine();
  const model = machine.serve("hopeless", { startMib: 1000, mibPerSecond: 1 });
  const other = machine.serve("other", { startMib: 100, mibPerSecond: 0 });
  machine.watch.start();
  for (let replacement = 1; replacement <= settings.maxReplacementsPerHour; replacement++) {
    await passSeconds(halfWindowSeconds + 2);
    expect(model.asked).toHaveLength(replacement);
    await model.finish("replaced");
  }
  expect(machine.stops).toEqual([]);
  await passSeconds(600);
  expect(machine.stops).toEqual([{ model: "hopeless", replacements: 3 }]);
  expect(statisticsOf(machine, "hopeless")).toMatchObject({ replacements: 3, isStopped: true });
  expect(model.asked).toHaveLength(3);
  // It stops this model's replacements only.
  other.add(2, 2000);
  await passSeconds(1);
  expect(other.asked).toEqual([2]);
  await other.finish("replaced");
  await passSeconds(hourSeconds);
  expect(model.asked).toHaveLength(4);
  expect(statisticsOf(machine, "hopeless").isStopped).toBe(false);
});

test("a model that a reload put in another's place begins with a clean record", async () => {
  const machine = new Machine({ maxReplacementsPerHour: 1 });
  const faulty = machine.serve("faulty", { startMib: 2000, mibPerSecond: 0 });
  machine.watch.start();
  await passSeconds(halfWindowSeconds);
  await faulty.finish("start_failed");
  await passSeconds(halfWindowSeconds + 2);
  expect(statisticsOf(machine, "faulty").isStopped).toBe(true);
  machine.models.length = 0;
  machine.serve("faulty", { startMib: 100, mibPerSecond: 0 });
  await passSeconds(1);
  expect(statisticsOf(machine, "faulty").isStopped).toBe(false);
});

test("with no replacements allowed the forecast is told, nothing is done about it, and that is no news", async () => {
  const machine = new Machine({ maxReplacementsPerHour: 0 });
  const model = machine.serve("leaky", { startMib: 1000, mibPerSecond: 1 });
  machine.watch.start();
  await passSeconds(halfWindowSeconds + 20);
  expect([machine.forecasts.length, machine.stops.length, model.asked.length]).toEqual([1, 0, 0]);
});

test("an instance that stayed for want of a successor is tried again half a window later", async () => {
  const machine = new Machine();
  const model = machine.serve("leaky", { startMib: 1000, mibPerSecond: 1 });
  machine.watch.start();
  await passSeconds(halfWindowSeconds + 1);
  expect(model.asked).toEqual([1]);
  await model.finish("start_failed");
  await passSeconds(halfWindowSeconds - 2);
  expect(model.asked).toEqual([1]);
  await passSeconds(3);
  expect(model.asked).toEqual([1, 1]);
  expect(machine.replacements).toMatchObject([{ outcome: "start_failed" }]);
});

test("when the control group runs full, the process that grows fastest is replaced", async () => {
  const machine = new Machine();
  const slow = machine.serve("slow", { startMib: 100, mibPerSecond: 0.5 });
  const fast = machine.serve("fast", { startMib: 100, mibPerSecond: 1 });
  machine.cgroup = (seconds) => ({ usedBytes: (500 + 1.5 * seconds) * mebibyte, limitBytes: 700 * mebibyte });
  machine.watch.start();
  // Room for a successor of 100 MiB is kept: 100 MiB are left, which last for 67 s.
  await passSeconds(halfWindowSeconds);
  expect([slow.asked, fast.asked]).toEqual([[], [2]]);
  expect(machine.forecasts).toMatchObject([{ model: "fast", pid: 2, resource: "cgroup" }]);
  expect(machine.watch.statistics().cgroup?.limitBytes).toBe(700 * mebibyte);
});

test("no room is kept in the control group for a successor that is there already", async () => {
  const machine = new Machine();
  const model = machine.serve("spared", { startMib: 100, mibPerSecond: 1, processes: 2, spares: 1 });
  machine.cgroup = (seconds) => ({ usedBytes: (500 + 1.5 * seconds) * mebibyte, limitBytes: 700 * mebibyte });
  machine.watch.start();
  await passSeconds(halfWindowSeconds);
  expect(model.asked).toEqual([]);
  await passSeconds(65);
  expect(model.asked).toEqual([1]);
});

test("what grows in the control group and is none of the processes costs none of them", async () => {
  const machine = new Machine();
  const model = machine.serve("slow", { startMib: 100, mibPerSecond: 0.1 });
  machine.cgroup = (seconds) => ({ usedBytes: (100 + 2 * seconds) * mebibyte, limitBytes: 400 * mebibyte });
  machine.watch.start();
  await passSeconds(200);
  expect([model.asked, machine.forecasts]).toEqual([[], []]);
});

test("memory on a GPU is watched for models that are not computed on the CPU", async () => {
  const machine = new Machine();
  const cpu = machine.serve("cpu", { startMib: 100, mibPerSecond: 0 });
  machine.gpu = (seconds) => ({ usedBytes: (100 + seconds) * mebibyte, limitBytes: 150 * mebibyte });
  machine.watch.start();
  await passSeconds(100);
  expect([cpu.asked, machine.gpuReads]).toEqual([[], 0]);
  machine.models.length = 0;
  const cuda = machine.serve("cuda", { startMib: 100, mibPerSecond: 0, device: "cuda" });
  machine.gpu = (seconds) => ({ usedBytes: (seconds < 200 ? 100 : seconds) * mebibyte, limitBytes: 300 * mebibyte });
  await passSeconds(90);
  expect(cuda.asked).toEqual([]);
  expect(statisticsOf(machine, "cuda").processes[0]?.gpuBytes).toBe(100 * mebibyte);
  await passSeconds(80);
  expect(cuda.asked).toEqual([2]);
  expect(machine.forecasts).toMatchObject([{ model: "cuda", resource: "gpu" }]);
});

test("a process in a slice of a GPU ends with the slice, whatever the whole GPU has free", async () => {
  const machine = new Machine();
  const deviceBytes = 300 * mebibyte;
  const model = machine.serve("cuda", { startMib: 100, mibPerSecond: 0, device: "cuda", deviceBytes });
  machine.gpu = (seconds) => ({ usedBytes: (seconds < 100 ? 100 : seconds) * mebibyte, limitBytes: 80_000 * mebibyte });
  machine.watch.start();
  await passSeconds(90);
  expect(model.asked).toEqual([]);
  await passSeconds(180);
  expect(model.asked).toHaveLength(1);
  expect(machine.forecasts).toMatchObject([{ model: "cuda", resource: "gpu", limitBytes: deviceBytes }]);
});

test.each([
  ["beside it", 3, "successor_first"],
  ["only after it", 1, "leave_first"],
])("a process whose GPU has room for a successor %s is replaced in that order", async (_, mibPerSecond, order) => {
  const machine = new Machine({ horizonSeconds: 100 });
  const model = machine.serve("cuda", { startMib: 100, mibPerSecond: 0, device: "cuda" });
  // Its successor will take what it took itself at first: 200 MiB. In 100 s it would take 300 or 100 more.
  machine.gpu = (seconds) => ({ usedBytes: (200 + mibPerSecond * seconds) * mebibyte, limitBytes: 800 * mebibyte });
  machine.watch.start();
  await passSeconds(520);
  expect([model.asked, model.orders]).toEqual([[1], [order]]);
});

test.each([
  ["on a GPU of which the driver tells nothing", "cuda", "leave_first"],
  ["on the CPU", "cpu", "successor_first"],
])("a process that leaks in main memory %s is replaced without a second one on that GPU", async (_, device, order) => {
  const machine = new Machine();
  const model = machine.serve("leaky", { startMib: 1000, mibPerSecond: 1, device });
  machine.watch.start();
  await passSeconds(100);
  expect([model.asked, model.orders]).toEqual([[1], [order]]);
});

test("processes of two models that run short on one GPU are replaced one after the other", async () => {
  const machine = new Machine();
  const leak = { startMib: 100, mibPerSecond: 0, device: "cuda" };
  const models = [machine.serve("one", leak), machine.serve("other", leak)];
  machine.gpu = (seconds) => ({ usedBytes: (100 + seconds) * mebibyte, limitBytes: 150 * mebibyte });
  machine.gpuOf = [1, 2];
  machine.watch.start();
  await passSeconds(60);
  expect(models.flatMap(({ asked }) => asked)).toHaveLength(1);
  const [first] = models.filter(({ asked }) => asked.length > 0);
  await first?.finish("replaced");
  await passSeconds(5);
  expect(new Set(models.flatMap(({ asked }) => asked))).toEqual(new Set([1, 2]));
  expect(machine.mostAtOnce).toBe(1);
});

test("a failure to look is told once in a row, and never ends the watch", async () => {
  const machine = new Machine();
  const errors = collectEvents(machine.events, "error_occurred");
  const model = machine.serve("leaky", { startMib: 1000, mibPerSecond: 1 });
  const failure = new Error("the system says no");
  machine.failure = failure;
  machine.watch.start();
  await passSeconds(100);
  expect(errors).toEqual([{ where: "memory_watch", error: failure }]);
  machine.failure = null;
  await passSeconds(halfWindowSeconds);
  expect(model.asked).toEqual([1]);
  machine.failure = failure;
  await passSeconds(3);
  expect(errors).toHaveLength(2);
});

test("a process that has gone between two looks is no failure", async () => {
  const machine = new Machine();
  const errors = collectEvents(machine.events, "error_occurred");
  const model = machine.serve("gone", { startMib: 100, mibPerSecond: 0 });
  model.lose(1);
  machine.watch.start();
  await passSeconds(10);
  expect([errors, statisticsOf(machine, "gone").processes]).toEqual([[], []]);
});

test("a replacement that throws is told, and the next one is done", async () => {
  const machine = new Machine();
  const errors = collectEvents(machine.events, "error_occurred");
  const model = machine.serve("leaky", { startMib: 1000, mibPerSecond: 1 });
  machine.watch.start();
  await passSeconds(halfWindowSeconds + 1);
  await model.fail(new Error("a process is being replaced already"));
  expect(errors).toMatchObject([{ where: "memory_watch" }]);
  await passSeconds(halfWindowSeconds + 1);
  expect(model.asked).toEqual([1, 1]);
});

test("settings are read at every look: a smaller limit takes effect at once", async () => {
  const machine = new Machine();
  const model = machine.serve("sound", { startMib: 500, mibPerSecond: 0 });
  machine.watch.start();
  await passSeconds(100);
  expect(model.asked).toEqual([]);
  machine.settings = { ...settings, processLimitBytes: 400 * mebibyte };
  await passSeconds(1);
  expect(model.asked).toEqual([1]);
});

test("left to the service, the limit is a part of the container's memory where that is less than the machine's", async () => {
  const machine = new Machine({ processLimitBytes: "auto" });
  machine.serve("one", { startMib: 100, mibPerSecond: 0 });
  machine.serve("two", { startMib: 100, mibPerSecond: 0 });
  machine.watch.start();
  await passSeconds(1);
  expect(statisticsOf(machine, "one").processes[0]?.limitBytes).toBe(Math.floor(0.4 * 16 * 1024 * mebibyte));
  machine.cgroup = () => ({ usedBytes: 0, limitBytes: 4 * 1024 * mebibyte });
  await passSeconds(1);
  expect(statisticsOf(machine, "one").processes[0]?.limitBytes).toBe(Math.floor(0.4 * 4 * 1024 * mebibyte));
});

test("a closed watch looks no more and replaces nothing", async () => {
  const machine = new Machine();
  const model = machine.serve("leaky", { startMib: 1000, mibPerSecond: 1 });
  machine.watch.start();
  await passSeconds(5);
  machine.watch.close();
  const reads = machine.reads;
  await passSeconds(100);
  expect([model.asked, machine.reads]).toEqual([[], reads]);
});

interface Leak {
  readonly startMib: number;
  readonly mibPerSecond: number;
  readonly processes?: number;
  /** How many of them are spares. */
  readonly spares?: number;
  readonly device?: string;
  readonly deviceBytes?: number;
}

/** A model whose processes leak; the test ends their replacements. A successor begins small and leaks the same. */
class LeakyModel implements WatchedModel {
  readonly identity: { readonly name: string };
  readonly device: string;
  readonly deviceBytes: number | null;
  readonly memoryNeed = { graphBytes: 0, processes: 1 };
  readyProcesses: readonly ReadyProcess[];
  /** Pids that were to be replaced, oldest first. */
  readonly asked: number[] = [];
  readonly orders: ReplacementOrder[] = [];
  readonly #machine: Machine;
  readonly #leak: Leak;
  readonly #bornAt = new Map<number, number>();
  readonly #added = new Map<number, number>();
  readonly #lost = new Set<number>();
  #pending: PromiseWithResolvers<ReplacementOutcome> | null = null;

  constructor(machine: Machine, name: string, leak: Leak) {
    this.identity = { name };
    this.device = leak.device ?? "cpu";
    this.deviceBytes = leak.deviceBytes ?? null;
    this.#machine = machine;
    this.#leak = leak;
    const { processes = 1, spares = 0 } = leak;
    this.readyProcesses = Array.from({ length: processes }, (_, index) => ({
      pid: this.#bear(),
      role: index < processes - spares ? "active" : "spare",
    }));
  }

  replaceProcess(pid: number, order: ReplacementOrder): Promise<ReplacementOutcome> {
    this.asked.push(pid);
    this.orders.push(order);
    this.#machine.begin();
    this.#pending = Promise.withResolvers();
    return this.#pending.promise;
  }

  async finish(outcome: ReplacementOutcome): Promise<void> {
    if (outcome === "replaced") {
      const old = this.asked.at(-1);
      this.readyProcesses = this.readyProcesses.map((each) =>
        each.pid === old ? { ...each, pid: this.#bear() } : each,
      );
    }
    this.#machine.end();
    this.#pending?.resolve(outcome);
    await vi.advanceTimersByTimeAsync(0);
  }

  async fail(error: Error): Promise<void> {
    this.#machine.end();
    this.#pending?.reject(error);
    await vi.advanceTimersByTimeAsync(0);
  }

  /** Makes a process larger, all at once. */
  add(pid: number, mib: number): void {
    this.#added.set(pid, mib);
  }

  lose(pid: number): void {
    this.#lost.add(pid);
  }

  bytesOf(pid: number): number | null {
    const born = this.#bornAt.get(pid);
    if (born === undefined || this.#lost.has(pid)) {
      return null;
    }
    const { startMib, mibPerSecond } = this.#leak;
    // Only the first process of a group of equals leaks when there are spares.
    const isIdle = this.readyProcesses.find((each) => each.pid === pid)?.role === "spare";
    const leaked = isIdle ? 0 : (mibPerSecond * (performance.now() - born)) / 1000;
    return (startMib + leaked + (this.#added.get(pid) ?? 0)) * mebibyte;
  }

  #bear(): number {
    const pid = this.#machine.nextPid();
    this.#bornAt.set(pid, performance.now());
    return pid;
  }
}

class Machine {
  readonly events = strictEventBus();
  readonly forecasts = collectEvents(this.events, "memory_forecast");
  readonly replacements = collectEvents(this.events, "process_replaced");
  readonly stops = collectEvents(this.events, "memory_watch_stopped");
  readonly models: LeakyModel[] = [];
  readonly watch: MemoryWatch;
  settings: MemorySettings;
  /** By seconds since the start. */
  cgroup: (seconds: number) => CgroupMemory | null = () => null;
  gpu: (seconds: number) => GpuMemory | null = () => null;
  /** Pids of the processes that have it; null for the latest. */
  gpuOf: readonly number[] | null = null;
  failure: Error | null = null;
  reads = 0;
  gpuReads = 0;
  /** Replacements under way together, at most. */
  mostAtOnce = 0;
  #underWay = 0;
  #pids = 0;

  constructor(changes: Partial<MemorySettings> = {}) {
    this.settings = { ...settings, ...changes };
    const start = performance.now();
    const seconds = (): number => (performance.now() - start) / 1000;
    this.watch = new MemoryWatch({
      models: () => this.models,
      settings: () => this.settings,
      events: this.events,
      sources: {
        processMemory: (pid) => this.#read(pid),
        cgroupMemory: () => this.cgroup(seconds()),
        gpuMemory: () => {
          this.gpuReads++;
          const gpu = this.gpu(seconds());
          const pids = this.gpuOf ?? [this.#pids];
          return Promise.resolve(new Map(gpu === null ? [] : pids.map((pid) => [pid, gpu])));
        },
        machineBytes: () => 16 * 1024 * mebibyte,
      },
    });
  }

  serve(name: string, leak: Leak): LeakyModel {
    const model = new LeakyModel(this, name, leak);
    this.models.push(model);
    return model;
  }

  nextPid(): number {
    return ++this.#pids;
  }

  begin(): void {
    this.#underWay++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay);
  }

  end(): void {
    this.#underWay--;
  }

  #read(pid: number): { residentBytes: number; anonymousBytes: number } | null {
    this.reads++;
    if (this.failure !== null) {
      throw this.failure;
    }
    const bytes = this.models.map((model) => model.bytesOf(pid)).find((each) => each !== null) ?? null;
    return bytes === null ? null : { residentBytes: bytes + 50 * mebibyte, anonymousBytes: bytes };
  }
}

function statisticsOf(machine: Machine, name: string) {
  const statistics = machine.watch.statistics().models.find(({ model }) => model === name);
  if (statistics === undefined) {
    throw new Error(`nothing is known of ${name}`);
  }
  return statistics;
}

async function passSeconds(seconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(seconds * 1000);
}
