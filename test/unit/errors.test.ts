import { expect, test } from "vitest";
import { errorCodes, ServiceError } from "../../src/errors.ts";

test("an error carries its code, its message and nothing that was not given", () => {
  const error = new ServiceError("overloaded", "The queue is full.");
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: "ServiceError",
    code: "overloaded",
    message: "The queue is full.",
    param: null,
    retryAfterMs: undefined,
    facts: {},
  });
  expect("cause" in error).toBe(false);
});

test("an error carries the field, the retry time, the facts and the cause that were given", () => {
  const cause = new RangeError("inner");
  const error = new ServiceError("invalid_request", "Too long.", {
    param: "inputs.classificationInputs[3]",
    retryAfterMs: 0,
    facts: { characters: 10_001 },
    cause,
  });
  expect(error).toMatchObject({
    param: "inputs.classificationInputs[3]",
    retryAfterMs: 0,
    facts: { characters: 10_001 },
  });
  expect(error.cause).toBe(cause);
});

test("the codes are distinct words in snake case", () => {
  expect(new Set(errorCodes).size).toBe(errorCodes.length);
  expect(errorCodes.filter((code) => !/^[a-z]+(_[a-z]+)*$/.test(code))).toEqual([]);
});

test("only an error that nobody expected has call sites, and making one leaves the limit of others alone", () => {
  const limit = Error.stackTraceLimit;
  expect(new ServiceError("overloaded", "The queue is full.").stack).not.toMatch(/\n\s+at /);
  expect(new ServiceError("internal_error", "No scores came.").stack).toMatch(/\n\s+at .*errors\.test\.ts/);
  expect(Error.stackTraceLimit).toBe(limit);
});
