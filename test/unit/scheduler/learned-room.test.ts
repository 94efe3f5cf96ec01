import fc from "fast-check";
import { expect, test } from "vitest";
import { LearnedRoom } from "../../../src/scheduler/learned-room.ts";

const settings = { maxBatchSize: 32, maxBatchLength: 4096 };

test("before anything failed the settings are the limit", () => {
  expect(new LearnedRoom().within(settings)).toEqual(settings);
});

test("after a batch had too little memory the next ones are half as large, in windows and in length", () => {
  const room = new LearnedRoom();
  room.ranOut(32, 3200);
  expect(room.within(settings)).toEqual({ maxBatchSize: 16, maxBatchLength: 1600 });
  room.ranOut(16, 1600);
  expect(room.within(settings)).toEqual({ maxBatchSize: 8, maxBatchLength: 800 });
});

test("batches that ran beside the one that failed and fail after it make the limit no lower than they say", () => {
  const room = new LearnedRoom();
  room.ranOut(8, 800);
  room.ranOut(32, 3200);
  expect(room.within(settings)).toEqual({ maxBatchSize: 4, maxBatchLength: 400 });
});

test("settings that are smaller than what was learned hold", () => {
  const room = new LearnedRoom();
  room.ranOut(32, 3200);
  expect(room.within({ maxBatchSize: 4, maxBatchLength: 64 })).toEqual({ maxBatchSize: 4, maxBatchLength: 64 });
});

test("the limit doubles after 32 batches that used more than half of it, and is forgotten at the settings", () => {
  const room = new LearnedRoom();
  room.ranOut(16, 2048);
  runWell(room, 31, 8, 800);
  expect(room.within(settings).maxBatchSize).toBe(8);
  runWell(room, 1, 8, 800);
  expect(room.within(settings)).toEqual({ maxBatchSize: 16, maxBatchLength: 2048 });
  expect(room.isShort).toBe(true);
  runWell(room, 32, 16, 2000);
  expect(room.within(settings)).toEqual(settings);
  expect(room.isShort).toBe(false);
});

test("small batches say nothing of larger ones", () => {
  const room = new LearnedRoom();
  room.ranOut(16, 1600);
  runWell(room, 1000, 4, 400);
  expect(room.within(settings).maxBatchSize).toBe(8);
});

test("each time that larger batches fail again, they are tried after twice as many", () => {
  const room = new LearnedRoom();
  room.ranOut(16, 1600);
  runWell(room, 32, 8, 800);
  room.ranOut(16, 1600);
  runWell(room, 63, 8, 800);
  expect(room.within(settings).maxBatchSize).toBe(8);
  runWell(room, 1, 8, 800);
  expect(room.within(settings).maxBatchSize).toBe(16);
});

test("where nothing limits the length, the limit is forgotten by the number of windows", () => {
  const room = new LearnedRoom();
  const unlimited = { maxBatchSize: 8, maxBatchLength: Number.POSITIVE_INFINITY };
  room.ranOut(8, 24_000);
  expect(room.within(unlimited)).toEqual({ maxBatchSize: 4, maxBatchLength: 12_000 });
  for (let batch = 0; batch < 32; batch++) {
    room.ranWell(4, 12_000, unlimited);
  }
  expect(room.within(unlimited)).toEqual(unlimited);
});

test("whatever happens, there is room for a window, never more than the settings allow, and time brings all back", () => {
  const event = fc.record({
    failed: fc.boolean(),
    windows: fc.integer({ min: 1, max: 32 }),
    length: fc.integer({ min: 1, max: 128 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const room = new LearnedRoom();
      for (const { failed, windows, length } of events) {
        if (failed) {
          room.ranOut(windows, windows * length);
        } else {
          room.ranWell(windows, windows * length, settings);
        }
        const { maxBatchSize, maxBatchLength } = room.within(settings);
        expect(maxBatchSize).toBeGreaterThanOrEqual(1);
        expect(maxBatchSize).toBeLessThanOrEqual(settings.maxBatchSize);
        expect(maxBatchLength).toBeGreaterThanOrEqual(1);
        expect(maxBatchLength).toBeLessThanOrEqual(settings.maxBatchLength);
      }
      // A thousand full batches for each doubling, of which there are twelve at most.
      for (let batch = 0; room.isShort && batch < 13 * 1024; batch++) {
        const { maxBatchSize, maxBatchLength } = room.within(settings);
        room.ranWell(maxBatchSize, maxBatchLength, settings);
      }
      expect(room.isShort).toBe(false);
    }),
    { numRuns: 50 },
  );
});

function runWell(room: LearnedRoom, batches: number, windows: number, paddedLength: number): void {
  for (let batch = 0; batch < batches; batch++) {
    room.ranWell(windows, paddedLength, settings);
  }
}
