import { expect, test } from "vitest";
import type { HealthReport } from "../../../src/health/health-report.ts";
import { ReadinessNews } from "../../../src/health/readiness-news.ts";
import { collectEvents, strictEventBus } from "../../helpers/event-bus.ts";

test("only changes are told, with what fails; a service begins without being ready", () => {
  const events = strictEventBus();
  const told = collectEvents(events, "readiness_changed");
  const news = new ReadinessNews(events);
  news.tell(report("fail"));
  news.tell(report("ok"));
  news.tell(report("ok"));
  news.tell(report("fail"));
  news.tell(report("fail"));
  news.tell(report("ok"));
  expect(told).toEqual([
    { isReady: true, failing: [] },
    { isReady: false, failing: [{ name: "spool", detail: "it is full" }] },
    { isReady: true, failing: [] },
  ]);
});

function report(status: "ok" | "fail"): HealthReport {
  const since = "2026-01-01T00:00:00.000Z";
  return {
    status,
    checks: [
      { name: "audio", status: "ok", detail: "", since },
      { name: "spool", status, detail: status === "ok" ? "" : "it is full", since },
    ],
  };
}
