import { describe, expect, it, vi } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { RequestSignal } from "../../../src/http/request-signal.ts";
import { Deadline } from "../../../src/scheduler/deadline.ts";

const clientLeft = new ServiceError("client_closed_request", "gone");

function noLateFailure(error: unknown): never {
  throw new Error("not expected", { cause: error });
}

describe("RequestSignal", () => {
  it("aborts with deadline_exceeded when its deadline passes", () => {
    vi.useFakeTimers();
    try {
      const request = new RequestSignal();
      request.setDeadline(Deadline.after(200));
      vi.advanceTimersByTime(199);
      expect(request.signal.aborted).toBe(false);
      vi.advanceTimersByTime(2);
      expect(request.signal.reason).toMatchObject({ code: "deadline_exceeded" });
    } finally {
      vi.useRealTimers();
    }
  });

  it("waits for a deadline that has grown meanwhile", () => {
    vi.useFakeTimers();
    try {
      const request = new RequestSignal();
      const deadline = Deadline.growing(200);
      request.setDeadline(deadline);
      vi.advanceTimersByTime(100);
      deadline.allow(500);
      vi.advanceTimersByTime(399);
      expect(request.signal.aborted).toBe(false);
      vi.advanceTimersByTime(2);
      expect(request.signal.reason).toMatchObject({ code: "deadline_exceeded" });
    } finally {
      vi.useRealTimers();
    }
  });

  it("counts the last deadline only, and none once it is disposed", () => {
    vi.useFakeTimers();
    try {
      const request = new RequestSignal();
      request.setDeadline(Deadline.after(100));
      request.setDeadline(Deadline.after(500));
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(400);
      expect(request.signal.aborted).toBe(false);
      request.dispose();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("arms no timer once it has aborted", () => {
    vi.useFakeTimers();
    try {
      const request = new RequestSignal();
      request.abort(clientLeft);
      request.setDeadline(Deadline.after(100));
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("keeps the first reason", () => {
    const request = new RequestSignal();
    request.abort(clientLeft);
    request.abort(new ServiceError("deadline_exceeded", "late"));
    expect(request.signal.reason).toBe(clientLeft);
  });

  it("lets a race end like its work", async () => {
    const request = new RequestSignal();
    await expect(request.race(Promise.resolve(1), noLateFailure)).resolves.toBe(1);
    const failure = new Error("broken");
    await expect(request.race(Promise.reject(failure), noLateFailure)).rejects.toBe(failure);
  });

  it("ends a race at once when it aborts, though the work goes on", async () => {
    const request = new RequestSignal();
    const race = request.race(Promise.withResolvers<number>().promise, noLateFailure);
    request.abort(clientLeft);
    await expect(race).rejects.toBe(clientLeft);
    await expect(request.race(Promise.withResolvers<number>().promise, noLateFailure)).rejects.toBe(clientLeft);
  });

  it("reports how work failed that was given up, unless it only passes the reason on", async () => {
    const request = new RequestSignal();
    const late: unknown[] = [];
    const [bug, obedient] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
    const races = [bug, obedient].map(({ promise }) => request.race(promise, (error) => late.push(error)));
    request.abort(clientLeft);
    await Promise.allSettled(races);
    const failure = new Error("broken");
    bug.reject(failure);
    obedient.reject(clientLeft);
    await Promise.allSettled([bug.promise, obedient.promise]);
    expect(late).toEqual([failure]);
  });
});
