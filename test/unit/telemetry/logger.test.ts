import { expect, test } from "vitest";
import type { Config } from "../../../src/config.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { LogLines } from "../../helpers/log-lines.ts";

test("a line is one JSON object with the time, the level as a word, the version and the event", () => {
  const destination = new LogLines();
  createLogger({ onLinesLost: () => {}, level: () => "info", version: "1.2.3", destination }).write(
    "warn",
    "something_odd",
    { count: 2 },
  );
  expect(destination.text.trimEnd()).not.toContain("\n");
  expect(destination.parsed).toEqual([
    {
      level: "warn",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      version: "1.2.3",
      event: "something_odd",
      count: 2,
    },
  ]);
});

test("a line break in a value cannot begin a line of its own", () => {
  const destination = new LogLines();
  const logger = createLogger({ onLinesLost: () => {}, level: () => "info", version: "1", destination });
  logger.write("info", "event", { client_id: 'a\n{"level":"error"}\u2028' });
  expect(destination.text.split("\n")).toHaveLength(2);
  expect(destination.parsed).toMatchObject([{ client_id: 'a\n{"level":"error"}\u2028' }]);
});

test("a changed level counts from the next line on", () => {
  const destination = new LogLines();
  let level: Config["log"]["level"] = "error";
  const logger = createLogger({ onLinesLost: () => {}, level: () => level, version: "1", destination });
  logger.write("info", "first", {});
  logger.write("error", "second", {});
  level = "debug";
  logger.write("debug", "third", {});
  level = "silent";
  logger.write("error", "fourth", {});
  expect(destination.parsed.map((line) => line["event"])).toEqual(["second", "third"]);
});

test("lost lines are counted in the next line that can be written", () => {
  const destination = new LogLines();
  const logger = createLogger({ onLinesLost: () => {}, level: () => "info", version: "1", destination });
  destination.lost = 7;
  logger.write("info", "after", {});
  logger.write("info", "later", {});
  expect(destination.parsed).toMatchObject([
    { level: "warn", event: "log_lines_lost", lines: 7 },
    { event: "after" },
    { event: "later" },
  ]);
});

test("a subscriber that failed is an error with the event it was called for", () => {
  const destination = new LogLines();
  const logger = createLogger({ onLinesLost: () => {}, level: () => "info", version: "1", destination });
  logger.subscriberFailed("batch_completed", new TypeError("quotes the text"));
  expect(destination.parsed).toMatchObject([
    { level: "error", event: "subscriber_failed", subscribed_event: "batch_completed", error: { name: "TypeError" } },
  ]);
  expect(destination.text).not.toContain("quotes the text");
});

test("a flush ends although nobody takes the lines", async () => {
  const destination = new LogLines();
  destination.flush = () => new Promise(() => {});
  await expect(
    createLogger({ onLinesLost: () => {}, level: () => "info", version: "1", destination }).flush(),
  ).resolves.toBeUndefined();
});
