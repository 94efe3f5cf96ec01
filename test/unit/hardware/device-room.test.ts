import fc from "fast-check";
import { expect, test } from "vitest";
import { type BatchNeed, batchBytes, unitsWithin } from "../../../src/hardware/batch-need.ts";
import { restingBytes, usableBytes } from "../../../src/hardware/device-limits.ts";
import { DeviceRoom, type Lease, shareBytes, type Tenant } from "../../../src/hardware/device-room.ts";

interface Model extends Tenant {
  readonly need: BatchNeed;
}

/** From models that need next to nothing to those that fill a device by themselves. */
const bytes = (max: number) =>
  fc.double({ min: 0, max: Math.log(max), noNaN: true }).map((log) => Math.floor(Math.exp(log)));
const models = fc.array(
  fc
    .record({
      graphBytes: bytes(1e11),
      processes: fc.integer({ min: 1, max: 16 }),
      fixedBytes: bytes(1e10),
      bytesPerUnit: bytes(1e10),
      wantedUnits: fc.integer({ min: 1, max: 64 }),
    })
    .map(({ graphBytes, processes, fixedBytes, bytesPerUnit, wantedUnits }): Model => {
      const need = { fixedBytes, bytesPerUnit };
      return { graphBytes, processes, need, wantedBytes: () => batchBytes(need, wantedUnits) };
    }),
  { minLength: 1, maxLength: 8 },
);
const memory = bytes(2e11);

test("whatever all processes of all models do at once, with full batches, fits on the device", () => {
  fc.assert(
    fc.property(models, memory, (all, memoryBytes) => {
      expectToFit(enterAll(all, memoryBytes), memoryBytes);
    }),
  );
});

test("it fits on the smallest of several devices, too", () => {
  fc.assert(
    fc.property(models, fc.array(memory, { minLength: 1, maxLength: 8 }), (all, sizes) => {
      const room = new DeviceRoom(sizes.map((memoryBytes) => ({ memoryBytes })));
      const tenants = all.map((model) => ({ model, lease: room.enter(model) }));
      expectToFit(tenants, Math.min(...sizes));
    }),
  );
});

test("it fits after models have come and gone, and shares do not depend on the order in which they came", () => {
  fc.assert(
    fc.property(models, models, memory, (first, later, memoryBytes) => {
      const room = new DeviceRoom([{ memoryBytes }]);
      const leaving = first.map((model) => ({ model, lease: room.enter(model) }));
      const staying = later.map((model) => ({ model, lease: room.enter(model) }));
      expectToFit([...leaving, ...staying], memoryBytes);
      leaving.forEach(({ lease }) => lease.leave());
      expectToFit(staying, memoryBytes);
      const fresh = enterAll(later, memoryBytes);
      expect(staying.map(({ lease }) => lease.bytes)).toEqual(fresh.map(({ lease }) => lease.bytes));
    }),
  );
});

test("a process gets all that it wants, or as much as any other, and nothing is left that one could use", () => {
  const demands = fc.array(fc.record({ processes: fc.integer({ min: 1, max: 16 }), bytes: bytes(1e11) }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(demands, bytes(2e11), (all, freeBytes) => {
      const shares = shareBytes(freeBytes, all);
      const short = all.flatMap(({ bytes: wanted }, index) => (shares[index]! < wanted ? [shares[index]!] : []));
      const taken = all.reduce((total, { processes }, index) => total + processes * shares[index]!, 0);
      expect(taken).toBeLessThanOrEqual(freeBytes);
      if (short.length > 0) {
        // A byte for each process is lost to rounding at most.
        const processes = all.reduce((total, demand) => total + demand.processes, 0);
        expect(freeBytes - taken).toBeLessThanOrEqual(processes);
        expect(Math.min(...short)).toBeGreaterThanOrEqual(Math.max(...shares) - processes);
      }
    }),
  );
});

test("all processes may take at once what is theirs and an equal part of what nobody asks for, and nothing more is left", () => {
  fc.assert(
    fc.property(models, memory, (all, memoryBytes) => {
      const tenants = enterAll(all, memoryBytes);
      const resting = all.reduce((total, model) => total + restingBytes(model), 0);
      const processes = all.reduce((total, model) => total + model.processes, 0);
      const free = Math.max(0, usableBytes(memoryBytes) - resting);
      const taken = tenants.reduce((total, { model, lease }) => total + model.processes * lease.mostBytes, 0);
      expect(taken).toBeLessThanOrEqual(free);
      expect(free - taken).toBeLessThanOrEqual(2 * processes);
      tenants.forEach(({ lease }) => expect(lease.mostBytes).toBeGreaterThanOrEqual(lease.bytes));
    }),
  );
});

test("a model of short texts leaves its part of the device to a model of speech", () => {
  const texts = { graphBytes: 220e6, processes: 2, wantedBytes: () => 100e6 };
  const speech = { graphBytes: 9.4e9, processes: 1, wantedBytes: () => 90e9 };
  const room = new DeviceRoom([{ memoryBytes: 141e9 }]);
  const alone = room.enter(speech);
  expect(alone.bytes).toBe(90e9);
  const beside = room.enter(texts);
  expect(alone.bytes).toBe(90e9);
  expect(beside.bytes).toBe(100e6);
});

test("what a model wants may change while it is there", () => {
  let wanted = 1e9;
  const room = new DeviceRoom([{ memoryBytes: 20e9 }]);
  const other = room.enter({ graphBytes: 0, processes: 1, wantedBytes: () => 30e9 });
  const lease = room.enter({ graphBytes: 0, processes: 1, wantedBytes: () => wanted });
  const before = other.bytes;
  wanted = 3e9;
  expect(lease.bytes).toBe(3e9);
  expect(other.bytes).toBe(before - 2e9);
});

test("models that do not fit before they compute anything have no room at all", () => {
  const room = new DeviceRoom([{ memoryBytes: 1e9 }]);
  expect(room.enter({ graphBytes: 1e9, processes: 1, wantedBytes: () => 1 }).bytes).toBe(0);
});

function enterAll(all: readonly Model[], memoryBytes: number): { model: Model; lease: Lease }[] {
  const room = new DeviceRoom([{ memoryBytes }]);
  return all.map((model) => ({ model, lease: room.enter(model) }));
}

function expectToFit(tenants: readonly { model: Model; lease: Lease }[], memoryBytes: number): void {
  const resting = tenants.reduce((total, { model }) => total + restingBytes(model), 0);
  let taken = resting;
  for (const { model, lease } of tenants) {
    const units = unitsWithin(lease.bytes, model.need);
    // What does not get larger is bounded by the settings alone.
    const batch = units === Number.POSITIVE_INFINITY ? model.need.fixedBytes : batchBytes(model.need, units);
    expect(units === 0 || batch <= lease.bytes).toBe(true);
    expect(lease.bytes).toBeLessThanOrEqual(model.wantedBytes());
    taken += model.processes * lease.bytes;
  }
  if (resting <= usableBytes(memoryBytes)) {
    expect(taken).toBeLessThanOrEqual(usableBytes(memoryBytes));
  } else {
    expect(taken).toBe(resting);
  }
}
