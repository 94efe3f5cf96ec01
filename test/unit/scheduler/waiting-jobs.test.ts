import fc from "fast-check";
import { expect, test } from "vitest";
import { Job } from "../../../src/scheduler/job.ts";
import { WaitingJobs } from "../../../src/scheduler/waiting-jobs.ts";
import { requestContext } from "../../helpers/request-context.ts";

test("waiting jobs are counted together, by address and by client", () => {
  const waiting = new WaitingJobs();
  waiting.add(jobOf([10, 20], "A", "x"));
  waiting.add(jobOf([5], "A", "y"));
  waiting.add(jobOf([100], "B", "x"));
  expect(waiting.loads({ address: "A", clientId: "x" })).toEqual({
    jobs: { total: 3, address: 2, client: 1 },
    length: { total: 135, address: 35, client: 30 },
  });
  expect(waiting.loads({ address: "C", clientId: "x" })).toEqual({
    jobs: { total: 3, address: 0, client: 0 },
    length: { total: 135, address: 0, client: 0 },
  });
});

test("a job waits until its last window was dispatched; its length leaves window by window", () => {
  const waiting = new WaitingJobs();
  const job = jobOf([10, 20]);
  waiting.add(job);
  expect(leaveAll(waiting, job)).toEqual([
    { jobs: 1, length: 20 },
    { jobs: 0, length: 0 },
  ]);
});

test("a job that is removed takes along what still waits of it, once", () => {
  const waiting = new WaitingJobs();
  const [job, other] = [jobOf([10, 20, 30]), jobOf([7])];
  waiting.add(job);
  waiting.add(other);
  const [first] = job.windows;
  if (first !== undefined) {
    waiting.leave(first);
  }
  waiting.remove(job);
  waiting.remove(job);
  expect(totals(waiting)).toEqual({ jobs: 1, length: 7 });
  leaveAll(waiting, job);
  expect(totals(waiting)).toEqual({ jobs: 1, length: 7 });
});

test("a window that comes back is counted again, and has waited since then", () => {
  const waiting = new WaitingJobs();
  const [job, other] = [jobOf([10, 20]), jobOf([7])];
  waiting.add(job);
  leaveAll(waiting, job);
  expect(waiting.oldestSince).toBeNull();
  for (const window of job.windows) {
    waiting.comeBack(window, 5);
  }
  waiting.add(other);
  expect([totals(waiting), waiting.oldestSince]).toEqual([{ jobs: 2, length: 37 }, 5]);
  expect(leaveAll(waiting, job)).toEqual([
    { jobs: 2, length: 27 },
    { jobs: 1, length: 7 },
  ]);
  expect(waiting.oldestSince).toBe(0);
});

test("clients of like names at different addresses are not mixed up", () => {
  const waiting = new WaitingJobs();
  waiting.add(jobOf([10], "A", "x\ny"));
  expect(waiting.loads({ address: "A\nx", clientId: "y" }).jobs.address).toBe(0);
  expect(waiting.loads({ address: "A", clientId: "x\ny" }).jobs.client).toBe(1);
});

test("whatever comes and goes, the counts are those of the windows that wait, and nothing is left in the end", () => {
  const spec = fc.record({
    address: fc.constantFrom("A", "B"),
    clientId: fc.constantFrom("x", "y"),
    lengths: fc.array(fc.integer({ min: 2, max: 128 }), { minLength: 1, maxLength: 4 }),
    dispatched: fc.nat(4),
    isRemoved: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(spec, { maxLength: 30 }), (specs) => {
      const waiting = new WaitingJobs();
      const jobs = specs.map(({ lengths, address, clientId }) => jobOf(lengths, address, clientId));
      for (const job of jobs) {
        waiting.add(job);
      }
      let expected = { jobs: 0, length: 0 };
      for (const [index, { dispatched, isRemoved, lengths }] of specs.entries()) {
        for (const window of jobs[index]?.windows.slice(0, dispatched) ?? []) {
          waiting.leave(window);
        }
        const left = lengths.slice(dispatched);
        const job = jobs[index];
        if (isRemoved && job !== undefined) {
          waiting.remove(job);
        } else if (left.length > 0) {
          const length = left.reduce((total, each) => total + each, expected.length);
          expected = { jobs: expected.jobs + 1, length };
        }
      }
      expect(totals(waiting)).toEqual(expected);
      for (const job of jobs) {
        waiting.remove(job);
      }
      for (const address of ["A", "B"]) {
        const none = { total: 0, address: 0, client: 0 };
        expect(waiting.loads({ address, clientId: "x" })).toEqual({ jobs: none, length: none });
      }
    }),
  );
});

function jobOf(lengths: readonly number[], address = "A", clientId = "x"): Job {
  const inputs = lengths.map((length) => ({ kind: "text" as const, inputIds: new Int32Array(length) }));
  return new Job(inputs, requestContext({ address, clientId }), 0);
}

/** The totals after each window of the job has left. */
function leaveAll(waiting: WaitingJobs, job: Job): { jobs: number; length: number }[] {
  return job.windows.map((window) => {
    waiting.leave(window);
    return totals(waiting);
  });
}

function totals(waiting: WaitingJobs): { jobs: number; length: number } {
  const { jobs, length } = waiting.loads({ address: "nobody", clientId: "nobody" });
  return { jobs: jobs.total, length: length.total };
}
