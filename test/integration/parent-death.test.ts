import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { isAlive, waitUntil } from "../helpers/process-facts.ts";

const program = fileURLToPath(new URL("../fixtures/processes/parents/forks-a-child.ts", import.meta.url));

test.skipIf(process.platform !== "linux").each(["hangs-in-native-code", "ignores-sigterm", "echo"])(
  "a child does not outlive the SIGKILL of its parent: %s",
  async (fixture) => {
    const { parent, childPid } = await parentOf(fixture);
    expect(isAlive(childPid)).toBe(true);
    parent.kill("SIGKILL");
    await waitUntil(() => !isAlive(childPid), "the child is gone");
  },
);

test("without the death signal, a child that is stuck in native code does outlive it", async () => {
  const { parent, childPid } = await parentOf("hangs-in-native-code", "unprotected");
  parent.kill("SIGKILL");
  await once(parent, "exit");
  // Long enough for the kernel to have killed it, far shorter than the minute for which it hangs.
  await setTimeout(500);
  expect(isAlive(childPid)).toBe(true);
  process.kill(childPid, "SIGKILL");
  await waitUntil(() => !isAlive(childPid), "the child is gone");
});

/** A parent whose child has its run, is stuck in it perhaps. */
async function parentOf(
  fixture: string,
  ...how: readonly string[]
): Promise<{ parent: ChildProcess; childPid: number }> {
  const parent = spawn(process.execPath, [program, fixture, ...how], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
  const childPid = Number(/^(\d+) running$/.exec(line)?.[1]);
  expect(childPid).toBeGreaterThan(0);
  return { parent, childPid };
}
