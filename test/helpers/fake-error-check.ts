import { expect } from "vitest";
import type { ErrorCode } from "../../src/errors.ts";
import { statusByCode } from "../../src/http/error-status.ts";
import { errorResponseSchema } from "../../src/http/schemas/error.ts";

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Checks that an answer is the error that it should be, in the one shape that all errors have. */
export function expectError(answer: Answer, code: ErrorCode, param: string | null = null): { message: string } {
  const body = errorResponseSchema.parse(JSON.parse(answer.body));
  expect({ status: answer.statusCode, code: body.error.code, param: body.error.param }).toEqual({
    status: statusByCode[code],
    code,
    param,
  });
  expect(answer.headers["x-request-id"]).toBe(body.requestId);
  expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
  expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  expect(answer.headers["cache-control"]).toBe("no-store");
  expect(body.traceId).toMatch(/^[0-9a-f]{32}$/);
  return { message: body.error.message };
}
