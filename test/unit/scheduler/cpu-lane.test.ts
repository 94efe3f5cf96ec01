import { expect, test } from "vitest";
import { CpuLane } from "../../../src/scheduler/cpu-lane.ts";
import { Job, type PendingWindow } from "../../../src/scheduler/job.ts";
import { FakeProcess } from "../../helpers/fake-process.ts";
import { waitUntil } from "../../helpers/process-facts.ts";
import { requestContext } from "../../helpers/request-context.ts";

test("a fault of our own in a run is told, and the windows after it are computed", async () => {
  const process = new FakeProcess();
  const fault = new Error("a defect");
  const failed: [PendingWindow, unknown][] = [];
  const ran: PendingWindow[] = [];
  let uses = 0;
  const lane = new CpuLane({
    cpu: {
      isAvailable: true,
      acquire: () => {
        uses++;
        return Promise.resolve(process.asInferenceProcess);
      },
      release: () => uses--,
    },
    run: (_, window) => {
      ran.push(window);
      return ran.length === 1 ? Promise.reject(fault) : Promise.resolve();
    },
    fail: () => expect.unreachable(),
    failUnexpectedly: (window, error) => failed.push([window, error]),
  });
  const { windows } = new Job([windowOf(1), windowOf(2)], requestContext(), 0);
  windows.forEach((window) => lane.add(window));
  await waitUntil(() => ran.length === 2 && uses === 0, "both windows had their turn");
  expect(failed).toEqual([[windows[0], fault]]);
  expect([lane.size, lane.isStarting]).toEqual([0, false]);
});

function windowOf(token: number) {
  return { kind: "text" as const, inputIds: Int32Array.of(token) };
}
