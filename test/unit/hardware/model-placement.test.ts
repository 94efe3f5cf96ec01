import fc from "fast-check";
import { expect, test } from "vitest";
import { ModelPlacement, type PlacementVerdict, type Seat } from "../../../src/hardware/model-placement.ts";
import { twoH200 } from "../../helpers/gpu-devices.ts";

const onnxRuntime = { packageName: "onnxruntime-node", version: "1.30.0" } as const;
const onGpu = { provider: "cuda", devices: twoH200, onnxRuntime, mayFallBack: true } as const;
const oneGpu = { ...onGpu, devices: twoH200.slice(0, 1) } as const;
const [good, bad] = twoH200.map(({ uuid }) => uuid);
const minuteMs = 60_000;

test("processes are shared out evenly, whichever of them end", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (steps, processes) => {
      const placement = new ModelPlacement(onGpu, processes);
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
          placement.left(leaving);
          seats.splice(step, 1);
        }
      }
    }),
  );
});

test("a model whose first process cannot be started on the only GPU goes to the CPU, which is told once", () => {
  const placement = new ModelPlacement(oneGpu, 2);
  const [first, second] = [placement.take(0), placement.take(0)];
  expect(placement.failed(first, 1).kind).toBe("fell_back");
  expect(placement.failed(second, 1).kind).toBe("kept");
  expect(placement.take(2)).toEqual({ provider: "cpu", device: null });
  expect([placement.isOnGpu, placement.room(2)]).toEqual([false, Number.POSITIVE_INFINITY]);
});

test("with several GPUs one of them is not believed: the next is tried, and then the model goes to the CPU", () => {
  const placement = new ModelPlacement(onGpu, 1);
  const first = placement.take(0);
  expect(placement.failed(first, 1).kind).toBe("kept");
  placement.left(first);
  const second = placement.take(2);
  expect(second.device).not.toBe(first.device);
  expect(placement.failed(second, 3).kind).toBe("fell_back");
});

test("while a process starts on a device that was not tried, the model waits for it", () => {
  const devices = [...twoH200, ...twoH200.map((device) => ({ ...device, uuid: `${device.uuid}-more` }))];
  const placement = new ModelPlacement({ ...onGpu, devices }, 4);
  const seats = devices.map(() => placement.take(0));
  const verdicts = seats.map((seat) => placement.failed(seat, 1).kind);
  expect(verdicts).toEqual(["kept", "kept", "kept", "fell_back"]);
});

test("a model that was computed on the GPU stays there", () => {
  const placement = new ModelPlacement(oneGpu, 1);
  placement.proved(placement.take(0), 0);
  expect(placement.failed(placement.take(1), 1).kind).toBe("kept");
  expect(placement.take(2).provider).toBe("cuda");
});

test("a model that must not fall back has nothing left to try, and stays on the GPU", () => {
  const placement = new ModelPlacement({ ...oneGpu, mayFallBack: false }, 1);
  expect(placement.failed(placement.take(0), 0).kind).toBe("hopeless");
  expect(placement.take(1).provider).toBe("cuda");
});

test("a model of the CPU stays there, and its failures are none of the GPU", () => {
  const placement = new ModelPlacement({ provider: "cpu", fallback: null }, 1);
  const seat = placement.take(0);
  expect([placement.failed(seat, 1).kind, placement.lost(seat, 1).kind, placement.proved(seat, 1)]).toEqual([
    "kept",
    "kept",
    false,
  ]);
});

test.each(["cannot be started on", "lose"])("a device that processes %s three times in a row is set aside", (how) => {
  const { placement, verdicts } = withBadDevice(how === "lose" ? "lost" : "failed");
  expect(verdicts.slice(0, 2).map(({ kind }) => kind)).toEqual(["kept", "kept"]);
  expect(verdicts[2]).toEqual({ kind: "set_aside", device: bad, failures: 3, retryMs: 5 * minuteMs });
  expect(placement.setAside).toEqual([bad]);
});

test("its processes are missed meanwhile, and none is started there", () => {
  const { placement } = withBadDevice("lost");
  expect(placement.room(1000)).toBe(1);
  expect([placement.take(1000), placement.take(1000)].map(({ device }) => device)).toEqual([good, good]);
});

test("it is tried again after five minutes, then after ten, and after an hour at most", () => {
  const { placement } = withBadDevice("failed");
  let now = 10;
  const waits: number[] = [];
  for (let attempt = 0; attempt < 6; attempt++) {
    const setAsideAt = now;
    while (placement.room(now) < 2) {
      now += minuteMs;
    }
    waits.push(Math.floor((now - setAsideAt) / minuteMs));
    const seat = placement.take(now);
    expect(seat.device).toBe(bad);
    expect(placement.failed(seat, now).kind).toBe("set_aside");
    placement.left(seat);
  }
  expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
});

test("a device that works again is used as before, but one failure soon after sets it aside again, for longer", () => {
  const { placement } = withBadDevice("lost");
  const later = 6 * minuteMs;
  const seat = placement.take(later);
  expect(placement.proved(seat, later)).toBe(true);
  expect([placement.setAside, placement.room(later)]).toEqual([[], 2]);
  expect(placement.lost(seat, later + minuteMs)).toMatchObject({ kind: "set_aside", retryMs: 10 * minuteMs });
});

test("after ten good minutes nothing is held against it", () => {
  const { placement } = withBadDevice("lost");
  const later = 6 * minuteMs;
  const seat = placement.take(later);
  placement.proved(seat, later);
  expect(placement.lost(seat, later + 11 * minuteMs).kind).toBe("kept");
});

test("failures that are far apart set nothing aside", () => {
  const placement = new ModelPlacement(onGpu, 2);
  const [one, other] = [placement.take(0), placement.take(0)];
  placement.proved(one, 0);
  placement.proved(other, 0);
  for (let failure = 1; failure <= 10; failure++) {
    const now = failure * 11 * minuteMs;
    expect(placement.lost(other, now).kind).toBe("kept");
    placement.proved(other, now);
  }
});

test("when nothing works any more, a device that was set aside is no worse than the others", () => {
  const { placement, goodSeat } = withBadDevice("failed");
  for (let failure = 0; failure < 5; failure++) {
    expect(placement.failed(goodSeat, 20 + failure).kind).toBe("kept");
  }
  placement.left(goodSeat);
  expect(placement.take(100).device).toBe(bad);
});

test("a successor takes the place of the process that leaves, not one beside another process", () => {
  for (const leavingDevice of [good, bad]) {
    const placement = new ModelPlacement(onGpu, 2);
    const seats = [placement.take(0), placement.take(0)];
    const leaving = seats.find(({ device }) => device === leavingDevice) ?? expect.unreachable();
    placement.leaves(leaving);
    expect(placement.take(1).device).toBe(leavingDevice);
    placement.stays(leaving);
    placement.left(leaving);
    expect(placement.take(2).provider).toBe("cuda");
  }
});

test("whatever fails when, some device is always usable, none that is set aside is used before its time while another works, and all are shared out", () => {
  const devices = Array.from({ length: 4 }, (_, index) => ({ ...twoH200[0], uuid: `GPU-${index}` })) as typeof twoH200;
  const step = fc.record({
    pick: fc.nat({ max: 20 }),
    what: fc.constantFrom("take", "proved", "failed", "lost", "left"),
    afterMs: fc.nat({ max: 8 * minuteMs }),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 150 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 8 }),
      (steps, may, size) => {
        const placement = new ModelPlacement({ ...onGpu, devices, mayFallBack: may }, size);
        const starting: Seat[] = [];
        const ready: Seat[] = [];
        /** Until when each device is set aside. */
        const until = new Map<string, number>();
        let now = 0;
        const follow = (verdict: PlacementVerdict): void => {
          if (verdict.kind === "set_aside") {
            until.set(verdict.device, now + verdict.retryMs);
            // Somebody else must be there to do the work.
            expect(placement.setAside.length).toBeLessThan(devices.length);
          }
          expect(verdict.kind === "fell_back" && !may).toBe(false);
          expect(verdict.kind === "hopeless" && may).toBe(false);
        };
        for (const { pick, what, afterMs } of steps) {
          now += afterMs;
          if (what === "take") {
            const isEarly = (device: string): boolean => now < (until.get(device) ?? 0);
            const seat = placement.take(now);
            expect(seat.provider).toBe(placement.isOnGpu ? "cuda" : "cpu");
            if (seat.device !== null && placement.setAside.includes(seat.device) && isEarly(seat.device)) {
              expect(ready.some(({ device }) => device !== null && !placement.setAside.includes(device))).toBe(false);
            }
            starting.push(seat);
          } else if (what === "proved" || what === "failed") {
            const [seat] = starting.splice(pick % Math.max(1, starting.length), 1);
            if (seat !== undefined && what === "proved") {
              placement.proved(seat, now);
              ready.push(seat);
            } else if (seat !== undefined) {
              follow(placement.failed(seat, now));
              placement.left(seat);
              dropNeighbours(ready, seat, placement);
            }
          } else {
            const [seat] = ready.splice(pick % Math.max(1, ready.length), 1);
            if (seat !== undefined) {
              if (what === "lost") {
                follow(placement.lost(seat, now));
                dropNeighbours(ready, seat, placement);
              }
              placement.left(seat);
            }
          }
          expect(placement.room(now)).toBeGreaterThanOrEqual(1);
          expect(placement.setAside.length).toBeLessThan(devices.length);
        }
      },
    ),
    { numRuns: 300 },
  );
});

/** What fails on a device fails for all of its processes. */
function dropNeighbours(ready: Seat[], { device }: Seat, placement: ModelPlacement): void {
  for (const seat of ready.filter((each) => each.device === device)) {
    ready.splice(ready.indexOf(seat), 1);
    placement.left(seat);
  }
}

/** A model of two processes on two devices; three failed on the second. */
function withBadDevice(how: "failed" | "lost") {
  const placement = new ModelPlacement(onGpu, 2);
  const goodSeat = placement.take(0);
  placement.proved(goodSeat, 0);
  const verdicts = [1, 2, 3].map((now) => {
    const seat = placement.take(now);
    expect(seat.device).toBe(bad);
    if (how === "lost") {
      placement.proved(seat, now);
    }
    const verdict = placement[how](seat, now);
    placement.left(seat);
    return verdict;
  });
  return { placement, goodSeat, verdicts };
}
