import fc from "fast-check";
import { expect, test } from "vitest";
import { ModelPlacement, type Seat, type SeatEnd } from "../../../src/hardware/model-placement.ts";
import { twoH200 } from "../../helpers/gpu-devices.ts";

const onnxRuntime = { packageName: "onnxruntime-node", version: "1.30.0" } as const;
const onGpu = { provider: "cuda", devices: twoH200, onnxRuntime, mayFallBack: true } as const;
const oneGpu = { ...onGpu, devices: twoH200.slice(0, 1) } as const;
const [good, bad] = twoH200.map(({ uuid }) => uuid);
const two = { instances: 2, spares: 0 };
const minuteMs = 60_000;

test("processes are shared out evenly, whichever of them end", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (steps, instances) => {
      const placement = new ModelPlacement(onGpu, { instances, spares: 0 });
      const seats: Seat[] = [];
      for (const step of steps) {
        const leaving = seats[step];
        if (leaving === undefined) {
          const counts = twoH200.map(({ uuid }) => seats.filter(({ device }) => device === uuid).length);
          const seat = placement.take(0);
          const chosen = twoH200.findIndex(({ uuid }) => uuid === seat.device);
          expect(counts[chosen]).toBe(Math.min(...counts));
          seats.push(seat);
        } else {
          placement.ended(leaving, "other", 0);
          seats.splice(step, 1);
        }
      }
    }),
  );
});

test("a model whose processes cannot be started on the only GPU goes to the CPU, which is told once", () => {
  const placement = new ModelPlacement(oneGpu, two);
  const [first, second] = [placement.take(0), placement.take(0)];
  expect(placement.ended(first, "failed", 1).kind).toBe("kept");
  expect(placement.ended(second, "failed", 1).kind).toBe("fell_back");
  expect(placement.take(2)).toEqual({ provider: "cpu", device: null });
  expect([placement.isOnGpu, placement.places(2)]).toEqual([false, two]);
});

test("a model does not fall back while another of its processes may get ready on the GPU, and then never does", () => {
  const placement = new ModelPlacement(oneGpu, two);
  const [first, second] = [placement.take(0), placement.take(0)];
  expect(placement.ended(first, "failed", 1).kind).toBe("kept");
  placement.proved(second, 2);
  expect(placement.ended(placement.take(3), "failed", 4).kind).toBe("kept");
  expect(placement.take(5).provider).toBe("cuda");
});

test("with several GPUs one of them is not believed: the next is tried, and then the model goes to the CPU", () => {
  const placement = new ModelPlacement(onGpu, { instances: 1, spares: 0 });
  const first = placement.take(0);
  expect(placement.ended(first, "failed", 1).kind).toBe("kept");
  const second = placement.take(2);
  expect(second.device).not.toBe(first.device);
  expect(placement.ended(second, "failed", 3).kind).toBe("fell_back");
});

test("while a process starts on a device that was not tried, the model waits for it", () => {
  const placement = new ModelPlacement({ ...onGpu, devices: gpus(4) }, { instances: 4, spares: 0 });
  const seats = gpus(4).map(() => placement.take(0));
  const verdicts = seats.map((seat) => placement.ended(seat, "failed", 1).kind);
  expect(verdicts).toEqual(["kept", "kept", "kept", "fell_back"]);
});

test("a model that was computed on the GPU stays there", () => {
  const placement = new ModelPlacement(oneGpu, { instances: 1, spares: 0 });
  placement.proved(placement.take(0), 0);
  expect(placement.ended(placement.take(1), "failed", 1).kind).toBe("kept");
  expect(placement.take(2).provider).toBe("cuda");
});

test("a model that must not fall back has nothing left to try, and stays on the GPU", () => {
  const placement = new ModelPlacement({ ...oneGpu, mayFallBack: false }, { instances: 1, spares: 0 });
  expect(placement.ended(placement.take(0), "failed", 0).kind).toBe("hopeless");
  expect(placement.take(1).provider).toBe("cuda");
});

test("a model of the CPU stays there, and its failures are none of the GPU", () => {
  const placement = new ModelPlacement({ provider: "cpu", fallback: null }, { instances: 1, spares: 0 });
  const seat = placement.take(0);
  expect([
    placement.ended(seat, "failed", 1).kind,
    placement.ended(seat, "lost", 1).kind,
    placement.proved(seat, 1),
  ]).toEqual(["kept", "kept", false]);
});

test.each(["failed", "lost"] as const)("a device on which three processes in a row %s is set aside", (how) => {
  const { placement, verdicts } = withBadDevice(how);
  expect(verdicts.slice(0, 2).map(({ kind }) => kind)).toEqual(["kept", "kept"]);
  expect(verdicts[2]).toEqual({ kind: "set_aside", device: bad, failures: 3, retryMs: 5 * minuteMs });
  expect(placement.setAside).toEqual([bad]);
  expect([placement.retryAt(1000), placement.retryAt(6 * minuteMs)]).toEqual([3 + 5 * minuteMs, null]);
});

test("its processes are missed meanwhile, and none is started there", () => {
  const { placement } = withBadDevice("lost");
  expect(placement.places(1000)).toEqual({ instances: 1, spares: 0 });
  expect([placement.take(1000), placement.take(1000)].map(({ device }) => device)).toEqual([good, good]);
});

test("it is tried again after five minutes, then after ten, and after an hour at most", () => {
  const { placement } = withBadDevice("failed");
  let now = 10;
  const waits: number[] = [];
  for (let attempt = 0; attempt < 6; attempt++) {
    const setAsideAt = now;
    while (placement.places(now).instances < 2) {
      now += minuteMs;
    }
    waits.push(Math.floor((now - setAsideAt) / minuteMs));
    const seat = placement.take(now);
    expect(seat.device).toBe(bad);
    expect(placement.ended(seat, "failed", now).kind).toBe("set_aside");
  }
  expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
});

test("whatever fails at once on a device is one trouble: it is set aside once, for five minutes, and one process tries it", () => {
  const placement = new ModelPlacement(onGpu, { instances: 8, spares: 0 });
  const seats = readySeats(placement, 8);
  const verdicts = seats.filter(({ device }) => device === bad).map((seat) => placement.ended(seat, "lost", 1));
  expect(verdicts.map(({ kind }) => kind)).toEqual(["kept", "kept", "set_aside", "kept"]);
  expect(placement.retryAt(1)).toBe(1 + 5 * minuteMs);
  expect(placement.places(2).instances).toBe(4);
  const later = 6 * minuteMs;
  expect(placement.places(later).instances).toBe(5);
  const trial = placement.take(later);
  expect([trial.device, placement.places(later).instances]).toEqual([bad, 5]);
  expect(placement.take(later).device).toBe(good);
  placement.proved(trial, later);
  expect(placement.places(later).instances).toBe(8);
});

test("what still runs on a device that is set aside keeps its place, and one process more tries it later", () => {
  const placement = new ModelPlacement(onGpu, { instances: 8, spares: 0 });
  const [one, , , last] = readySeats(placement, 8).filter(({ device }) => device === bad);
  for (let failure = 0; failure < 3; failure++) {
    placement.ended(failure === 0 && one !== undefined ? one : placement.take(failure), "failed", failure);
  }
  expect([placement.setAside, placement.places(10).instances]).toEqual([[bad], 4 + 3]);
  placement.ended(last ?? expect.unreachable(), "other", 10);
  expect([placement.places(10).instances, placement.places(6 * minuteMs).instances]).toEqual([4 + 2, 4 + 3]);
});

test("a device that works again is used as before, but one failure soon after sets it aside again, for longer", () => {
  const { placement } = withBadDevice("lost");
  const later = 6 * minuteMs;
  const seat = placement.take(later);
  expect(placement.proved(seat, later)).toBe(true);
  expect([placement.setAside, placement.places(later)]).toEqual([[], two]);
  expect(placement.ended(seat, "lost", later + minuteMs)).toMatchObject({ kind: "set_aside", retryMs: 10 * minuteMs });
});

test("after ten good minutes nothing is held against it", () => {
  const { placement } = withBadDevice("lost");
  const later = 6 * minuteMs;
  const seat = placement.take(later);
  placement.proved(seat, later);
  expect(placement.ended(seat, "lost", later + 11 * minuteMs).kind).toBe("kept");
});

test("failures that are far apart set nothing aside", () => {
  const placement = new ModelPlacement(onGpu, two);
  let [, other] = readySeats(placement, 2);
  for (let failure = 1; failure <= 10; failure++) {
    const now = failure * 11 * minuteMs;
    expect(placement.ended(other ?? expect.unreachable(), "lost", now).kind).toBe("kept");
    other = placement.take(now);
    placement.proved(other, now);
  }
});

test("when nothing works any more, a device that was set aside is no worse than the others", () => {
  const { placement, goodSeat } = withBadDevice("failed");
  expect(placement.ended(goodSeat, "lost", 20).kind).toBe("kept");
  expect(placement.places(100)).toEqual(two);
  expect([placement.take(100).device, placement.take(100).device]).toEqual([good, bad]);
});

test("a loss on the only sound device does not bring back the one that is set aside while others work there", () => {
  const placement = new ModelPlacement(onGpu, { instances: 4, spares: 0 });
  const seats = readySeats(placement, 4);
  for (let failure = 0; failure < 3; failure++) {
    placement.ended(placement.take(failure), "failed", failure);
    const crashed = seats.findIndex(({ device }) => device === bad);
    seats.splice(crashed, crashed < 0 ? 0 : 1).forEach((seat) => placement.ended(seat, "lost", failure));
  }
  const [sound] = seats.filter(({ device }) => device === good);
  placement.ended(sound ?? expect.unreachable(), "lost", 5);
  expect([placement.setAside, placement.take(6).device]).toEqual([[bad], good]);
});

test("a successor takes the place of the process that leaves, not one beside another process", () => {
  for (const leavingDevice of [good, bad]) {
    const placement = new ModelPlacement(onGpu, two);
    const seats = [placement.take(0), placement.take(0)];
    const leaving = seats.find(({ device }) => device === leavingDevice) ?? expect.unreachable();
    placement.leaves(leaving);
    expect(placement.take(1).device).toBe(leavingDevice);
    placement.stays(leaving);
    placement.ended(leaving, "other", 2);
    expect(placement.take(2).provider).toBe("cuda");
  }
});

test("successors that fail beside the process that they were to replace do not count against its device", () => {
  const placement = new ModelPlacement(onGpu, two);
  const leaving = readySeats(placement, 2).find(({ device }) => device === bad) ?? expect.unreachable();
  for (let now = 1; now < 10; now++) {
    placement.leaves(leaving);
    const successor = placement.take(now);
    expect([successor.device, placement.ended(successor, "failed", now).kind]).toEqual([bad, "kept"]);
    placement.stays(leaving);
  }
  expect(placement.setAside).toEqual([]);
});

test("an instance on the fullest device is exchanged for a spare on one that computes less, until all compute as much", () => {
  const placement = new ModelPlacement(onGpu, { instances: 2, spares: 1 });
  const seats = readySeats(placement, 3);
  const crowded = seats.filter(({ device }) => device === good);
  const [alone] = seats.filter(({ device }) => device === bad);
  expect(placement.exchange(crowded, [alone ?? expect.unreachable()], seatItself)).toEqual({
    instance: crowded[0],
    spare: alone,
  });
  expect(placement.exchange([crowded[0], alone] as Seat[], [crowded[1]] as Seat[], seatItself)).toBeNull();
  expect(placement.exchange([], [], seatItself)).toBeNull();
});

test.each([
  { gpuCount: 2, wanted: { instances: 2, spares: 1 } },
  { gpuCount: 3, wanted: { instances: 3, spares: 1 } },
  { gpuCount: 8, wanted: { instances: 8, spares: 1 } },
  { gpuCount: 2, wanted: { instances: 4, spares: 2 } },
])(
  "with $gpuCount GPUs and $wanted.spares spares one that is set aside crowds none, and is used as before once it works",
  ({ gpuCount, wanted }) => {
    const devices = gpus(gpuCount);
    const placement = new ModelPlacement({ ...onGpu, devices }, wanted);
    const all = wanted.instances + wanted.spares;
    const most = Math.ceil(all / gpuCount);
    const model = new FakeModel(placement);
    model.settle(0);
    expect(model.size).toBe(all);
    const broken = devices[gpuCount - 1]?.uuid ?? "";
    for (let now = 1; placement.setAside.length === 0; now++) {
      model.failOn(broken, now);
      model.settle(now, broken);
    }
    expect(Math.max(...model.counts(devices))).toBeLessThanOrEqual(most);
    model.settle(6 * minuteMs);
    expect([placement.setAside, model.size]).toEqual([[], all]);
    const counts = model.counts(devices);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    expect(model.instanceCounts(devices)).toEqual(devices.map(() => wanted.instances / gpuCount));
  },
);

test("whatever fails when, none that is set aside is used before its time while another works, nor told twice, and no model is computed on both a GPU and the CPU", () => {
  const step = fc.record({
    pick: fc.nat({ max: 20 }),
    what: fc.constantFrom("take", "take", "proved", "failed", "lost", "other"),
    afterMs: fc.nat({ max: 8 * minuteMs }),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 150 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      (steps, may, instances, spares, gpuCount) => {
        const devices = gpus(gpuCount);
        const placement = new ModelPlacement({ ...onGpu, devices, mayFallBack: may }, { instances, spares });
        const starting: Seat[] = [];
        const ready: Seat[] = [];
        const until = new Map<string, number>();
        let now = 0;
        const end = (seat: Seat, how: SeatEnd): void => {
          const wasSetAside = seat.device !== null && now < (until.get(seat.device) ?? 0);
          const verdict = placement.ended(seat, how, now);
          expect(verdict.kind === "fell_back" && (!may || [...starting, ...ready].some(isGpu))).toBe(false);
          expect(verdict.kind === "hopeless" && may).toBe(false);
          if (verdict.kind === "set_aside") {
            expect(wasSetAside).toBe(false);
            until.set(verdict.device, now + verdict.retryMs);
          }
        };
        for (const { pick, what, afterMs } of steps) {
          now += afterMs;
          const { setAside } = placement;
          const isHeld = ({ device }: Seat): boolean => device !== null && setAside.includes(device);
          const places = placement.places(now);
          const size = starting.length + ready.length;
          if (what === "take" && size < places.instances + places.spares) {
            const seat = placement.take(now);
            expect(isGpu(seat)).toBe(placement.isOnGpu);
            const works = ready.some((each) => isGpu(each) && !isHeld(each));
            if (works && isHeld(seat)) {
              expect(now).toBeGreaterThanOrEqual(until.get(seat.device ?? "") ?? 0);
            }
            starting.push(seat);
          } else if (what === "proved" || what === "failed") {
            const [seat] = starting.splice(pick % Math.max(1, starting.length), 1);
            if (seat !== undefined && what === "proved") {
              if (placement.proved(seat, now)) {
                until.delete(seat.device ?? "");
              }
              ready.push(seat);
            } else if (seat !== undefined) {
              end(seat, "failed");
            }
          } else if (what === "lost" || what === "other") {
            const [seat] = ready.splice(pick % Math.max(1, ready.length), 1);
            if (seat !== undefined) {
              end(seat, what);
            }
          }
          const after = placement.places(now);
          expect(after.instances).toBeGreaterThanOrEqual(1);
          expect(after.instances).toBeLessThanOrEqual(instances);
          expect(after.spares).toBeGreaterThanOrEqual(0);
          expect(after.instances + after.spares).toBeLessThanOrEqual(instances + spares);
          expect(placement.setAside.length).toBeLessThan(devices.length);
          expect([...starting, ...ready].every(isGpu) || !ready.some(isGpu)).toBe(true);
        }
      },
    ),
    { numRuns: 300 },
  );
});

function seatItself(seat: Seat): Seat {
  return seat;
}

function isGpu({ provider }: Seat): boolean {
  return provider === "cuda";
}

/** So many H200. */
function gpus(count: number): typeof twoH200 {
  return Array.from({ length: count }, (_, index) => ({ ...twoH200[0], uuid: `GPU-${index}` })) as typeof twoH200;
}

/** Processes of a model that are all ready. */
function readySeats(placement: ModelPlacement, count: number): Seat[] {
  return Array.from({ length: count }, () => {
    const seat = placement.take(0);
    placement.proved(seat, 0);
    return seat;
  });
}

/** A model whose processes are as many as there are places, and which puts a spare in the place of an instance that ends. */
class FakeModel {
  readonly #placement: ModelPlacement;
  #instances: Seat[] = [];
  #spares: Seat[] = [];

  constructor(placement: ModelPlacement) {
    this.#placement = placement;
  }

  get size(): number {
    return this.#instances.length + this.#spares.length;
  }

  counts(devices: typeof twoH200): number[] {
    return devices.map(
      ({ uuid }) => [...this.#instances, ...this.#spares].filter((seat) => seat.device === uuid).length,
    );
  }

  instanceCounts(devices: typeof twoH200): number[] {
    return devices.map(({ uuid }) => this.#instances.filter((seat) => seat.device === uuid).length);
  }

  /** Every process on the device ends. */
  failOn(device: string, now: number): void {
    for (const seat of [...this.#instances, ...this.#spares].filter((each) => each.device === device)) {
      this.#forget(seat);
      this.#placement.ended(seat, "lost", now);
    }
  }

  /** Starts what is missing, which gets ready but on the device that is broken, and exchanges what does not fit. */
  settle(now: number, broken = ""): void {
    for (let step = 0; step < 100; step++) {
      const places = this.#placement.places(now);
      this.#instances.push(...this.#spares.splice(0, Math.max(0, places.instances - this.#instances.length)));
      const pair = this.#placement.exchange(this.#instances, this.#spares, seatItself);
      if (pair !== null) {
        this.#forget(pair.instance);
        this.#forget(pair.spare);
        this.#instances.push(pair.spare);
        this.#placement.ended(pair.instance, "other", now);
      } else if (this.size < places.instances + places.spares) {
        this.#start(now, broken);
      }
    }
  }

  #start(now: number, broken: string): void {
    const seat = this.#placement.take(now);
    if (seat.device === broken) {
      this.#placement.ended(seat, "failed", now);
      return;
    }
    this.#placement.proved(seat, now);
    const isMissing = this.#instances.length < this.#placement.places(now).instances;
    (isMissing ? this.#instances : this.#spares).push(seat);
  }

  #forget(seat: Seat): void {
    this.#instances = this.#instances.filter((each) => each !== seat);
    this.#spares = this.#spares.filter((each) => each !== seat);
  }
}

/** A model of two processes on two devices; three failed on the second. */
function withBadDevice(how: "failed" | "lost") {
  const placement = new ModelPlacement(onGpu, two);
  const goodSeat = placement.take(0);
  placement.proved(goodSeat, 0);
  const verdicts = [1, 2, 3].map((now) => {
    const seat = placement.take(now);
    expect(seat.device).toBe(bad);
    if (how === "lost") {
      placement.proved(seat, now);
    }
    return placement.ended(seat, how, now);
  });
  return { placement, goodSeat, verdicts };
}
