import { STATUS_CODES } from "node:http";
import { describe, expect, it } from "vitest";
import { errorCodes } from "../../../src/errors.ts";
import { errorTypeOf, statusByCode } from "../../../src/http/error-status.ts";

describe("statusByCode", () => {
  it("gives every code a status that HTTP knows, or nginx's 499", () => {
    expect(Object.keys(statusByCode).toSorted()).toEqual(errorCodes.toSorted());
    for (const status of Object.values(statusByCode)) {
      expect(status === 499 || STATUS_CODES[status] !== undefined).toBe(true);
    }
  });
});

describe("errorTypeOf", () => {
  it.each([
    [400, "invalid_request_error"],
    [401, "authentication_error"],
    [403, "permission_error"],
    [404, "invalid_request_error"],
    [429, "rate_limit_error"],
    [499, "invalid_request_error"],
    [500, "server_error"],
    [504, "server_error"],
  ])("calls a %i %s, as OpenAI does", (status, type) => {
    expect(errorTypeOf(status)).toBe(type);
  });
});
