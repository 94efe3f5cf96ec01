import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { ServiceProcess } from "./service-process.ts";

export interface Readiness {
  readonly status: number;
  /** Of the checks that fail, by name. */
  readonly failing: Readonly<Record<string, string>>;
}

/** Asks `/readyz`; `/livez` must say yes whatever that says. */
export async function readiness(service: ServiceProcess): Promise<Readiness> {
  const [ready, live] = await Promise.all([fetch(`${service.url}/readyz?verbose=1`), fetch(`${service.url}/livez`)]);
  expect(live.status).toBe(200);
  const { checks } = (await ready.json()) as { checks: { name: string; status: string; detail: string }[] };
  const failing = checks.filter(({ status }) => status === "fail").map(({ name, detail }) => [name, detail]);
  return { status: ready.status, failing: Object.fromEntries(failing) };
}

/**
 * Asks until `/readyz` answers so; throws after 40 seconds, which only guards against waiting for ever.
 * @returns The answer, and after how many milliseconds it came.
 */
export async function readinessBecomes(
  service: ServiceProcess,
  status: 200 | 503,
): Promise<Readiness & { readonly afterMs: number }> {
  const start = performance.now();
  for (;;) {
    const answer = await readiness(service);
    const afterMs = performance.now() - start;
    if (answer.status === status) {
      return { ...answer, afterMs };
    }
    if (afterMs > 40_000) {
      throw new Error(`waited in vain for ${status}: ${JSON.stringify(answer)}`);
    }
    await sleep(20);
  }
}
