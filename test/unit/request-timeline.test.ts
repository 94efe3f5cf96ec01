import { expect, test } from "vitest";
import { RequestTimeline } from "../../src/request-timeline.ts";

test("stages keep their order, and the first end of each counts", () => {
  const timeline = new RequestTimeline();
  const queue = timeline.begin("queue", 1);
  timeline.begin("inference", 2);
  queue.end(5, { windows: 3 });
  queue.end(9, { windows: 4 });
  expect(timeline.stages).toMatchObject([
    { name: "queue", startedAt: 1, endedAt: 5, facts: { windows: 3 } },
    { name: "inference", startedAt: 2, endedAt: null, facts: {} },
  ]);
  expect(timeline.leftOut).toBe(0);
});

test("an end may correct the beginning, and a stage never ends before it", () => {
  const timeline = new RequestTimeline();
  timeline.begin("inference", 1).end(5, {}, 2);
  timeline.begin("inference", 7).end(6);
  expect(timeline.stages).toMatchObject([
    { startedAt: 2, endedAt: 5 },
    { startedAt: 7, endedAt: 7 },
  ]);
});

test("the windows of an upload of hours are bounded, each kind by itself, and what is left out is counted", () => {
  const timeline = new RequestTimeline();
  for (let window = 0; window < 5_000; window++) {
    timeline.begin("queue", window).end(window);
    timeline.begin("inference", window).end(window);
  }
  timeline.begin("preprocess", 0).end(1);
  expect(timeline.stages).toHaveLength(64 + 64 + 1);
  expect(timeline.leftOut).toBe(2 * (5_000 - 64));
  expect(timeline.stages.at(-1)?.name).toBe("preprocess");
});
