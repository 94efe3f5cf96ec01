import type { EventBus } from "../events.ts";
import type { HealthReport } from "./health-report.ts";

/** Tells when readiness is lost and when it comes. A service begins without. */
export class ReadinessNews {
  readonly #events: EventBus;
  #isReady = false;

  constructor(events: EventBus) {
    this.#events = events;
  }

  /** Compares the report with the last one. */
  tell({ status, checks }: HealthReport): void {
    const isReady = status === "ok";
    if (this.#isReady === isReady) {
      return;
    }
    this.#isReady = isReady;
    const failing = checks.filter((check) => check.status === "fail");
    this.#events.emit("readiness_changed", {
      isReady,
      failing: failing.map(({ name, detail }) => ({ name, detail })),
    });
  }
}
