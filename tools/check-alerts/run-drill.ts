import { setTimeout as sleep } from "node:timers/promises";
import type { Drill, ExpectedAlert } from "./drill.ts";
import type { DrillKeys } from "./drill-keys.ts";
import type { ActiveAlert, Prometheus } from "./prometheus.ts";
import { Stage } from "./stage.ts";

/** What became of one alert in a drill. */
export interface DrillResult {
  readonly alert: ExpectedAlert;
  /** From the fault on, in milliseconds; null when it did not fire. */
  readonly firedAfterMs: number | null;
  /** From the end of the fault on, in milliseconds; null when it still fires. */
  readonly resolvedAfterMs: number | null;
}

/** How long a drill's alerts may take to be quiet, to fire and to resolve, in milliseconds each. */
const patienceMs = 150_000;
const pollMs = 300;

/**
 * Sees the alerts rest, breaks something, sees them fire, mends it, and sees them resolve.
 * @param job Of its targets in Prometheus.
 * @throws Error when nothing rests before the fault, or when the text of an alert cannot be made.
 */
export async function runDrill(
  drill: Drill,
  job: string,
  keys: DrillKeys,
  prometheus: Prometheus,
): Promise<DrillResult[]> {
  await using stage = new Stage(job, keys, prometheus);
  const fault = await drill.prepare(stage);
  await settled(prometheus, job, drill.alerts);
  const injectedAt = performance.now();
  await fault.inject();
  const fired = await timesUntil(prometheus, job, drill.alerts, true, injectedAt);
  const removedAt = performance.now();
  await fault.remove();
  const resolved = await timesUntil(prometheus, job, drill.alerts, false, removedAt);
  return drill.alerts.map((alert) => {
    const firedAfterMs = fired.get(alert) ?? null;
    return { alert, firedAfterMs, resolvedAfterMs: firedAfterMs === null ? null : (resolved.get(alert) ?? null) };
  });
}

/** Resolves when the job has been scraped for a while and none of the alerts fires. */
async function settled(prometheus: Prometheus, job: string, alerts: readonly ExpectedAlert[]): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const scrapes = await prometheus.query(`sum(count_over_time(up{job="${job}"}[1h]))`);
    const firing = await firingOf(prometheus, job, alerts);
    if (scrapes !== null && scrapes >= 3 && firing.size === 0) {
      return;
    }
    if (performance.now() > until) {
      throw new Error(
        `${job} does not rest: ${scrapes ?? 0} scrapes, ${[...firing].map(({ name }) => name).join()} firing`,
      );
    }
    await sleep(pollMs);
  }
}

/** When each alert was first seen to fire, or not to; without those that patience did not last for. */
async function timesUntil(
  prometheus: Prometheus,
  job: string,
  alerts: readonly ExpectedAlert[],
  fires: boolean,
  since: number,
): Promise<Map<ExpectedAlert, number>> {
  const times = new Map<ExpectedAlert, number>();
  while (times.size < alerts.length && performance.now() - since < patienceMs) {
    await sleep(pollMs);
    const firing = await firingOf(prometheus, job, alerts);
    for (const alert of alerts) {
      if (!times.has(alert) && firing.has(alert) === fires) {
        times.set(alert, performance.now() - since);
      }
    }
  }
  return times;
}

async function firingOf(
  prometheus: Prometheus,
  job: string,
  alerts: readonly ExpectedAlert[],
): Promise<Set<ExpectedAlert>> {
  const active = (await prometheus.alerts()).filter(({ labels, state }) => state === "firing" && labels["job"] === job);
  const unreadable = active.find(({ annotations }) => Object.values(annotations).join(" ").includes("<error"));
  if (unreadable !== undefined) {
    throw new Error(`the text of an alert cannot be made: ${JSON.stringify(unreadable.annotations)}`);
  }
  return new Set(alerts.filter((alert) => active.some((each) => isIt(alert, each))));
}

function isIt({ name, labels = {} }: ExpectedAlert, active: ActiveAlert): boolean {
  return Object.entries({ alertname: name, ...labels }).every(([label, value]) => active.labels[label] === value);
}
