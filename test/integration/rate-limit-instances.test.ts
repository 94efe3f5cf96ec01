import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { missingRedis, RedisServer } from "../helpers/redis-server.ts";

const run = promisify(execFile);
const program = new URL("../fixtures/processes/takes-from-a-bucket.ts", import.meta.url).pathname;

/** The burst is what both processes may miss by standing still: a second of it, so that a busy machine changes nothing. */
const limit = { burst: 250, refillPerSecond: 250 };
const clientsEach = 10;
const seconds = 6;

/** Shifts the time of day of one process; timers are left alone. */
const faketime = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
  .map((folder) => `${folder}/faketime/libfaketime.so.1`)
  .find(existsSync);
if (faketime === undefined) {
  process.stderr.write("The test with a shifted clock is skipped: no libfaketime (Debian: libfaketime).\n");
}

interface Report {
  readonly admitted: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly localMs: number;
}

async function runInstance(url: string, environment: Record<string, string>): Promise<Report> {
  const { stdout } = await run(
    process.execPath,
    [program, JSON.stringify({ url, clients: clientsEach, seconds, limit })],
    {
      env: { PATH: process.env["PATH"], ...environment },
    },
  );
  return JSON.parse(stdout) as Report;
}

/** Both instances at once; how much of the limit they admitted together. */
async function admittedShare(
  environments: readonly Record<string, string>[],
): Promise<{ share: number; reports: Report[] }> {
  await using server = await RedisServer.start();
  const reports = await Promise.all(environments.map((environment) => runInstance(server.url, environment)));
  const lastMs = Math.max(...reports.map((report) => report.lastMs));
  const elapsedMs = lastMs - Math.min(...reports.map((report) => report.firstMs));
  const admitted = reports.reduce((sum, report) => sum + report.admitted, 0);
  return { share: admitted / (limit.burst + (limit.refillPerSecond * elapsedMs) / 1000), reports };
}

function expectWithinOnePercent(share: number): void {
  expect(share).toBeLessThanOrEqual(1);
  expect(share).toBeGreaterThan(0.99);
}

test.skipIf(missingRedis !== null)(
  "two instances with twenty clients admit what the limit says, within 1 %",
  async () => {
    const { share } = await admittedShare([{}, {}]);
    expectWithinOnePercent(share);
  },
);

test.skipIf(missingRedis !== null || faketime === undefined)(
  "an instance whose clock is 5 s ahead changes nothing",
  async () => {
    const ahead = { LD_PRELOAD: String(faketime), FAKETIME: "+5s", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
    const { share, reports } = await admittedShare([{}, ahead]);
    const [right, wrong] = reports;
    expect((wrong?.localMs ?? 0) - (wrong?.lastMs ?? 0)).toBeGreaterThan(4_900);
    expect((right?.localMs ?? 0) - (right?.lastMs ?? 0)).toBeLessThan(4_900);
    expectWithinOnePercent(share);
  },
);
