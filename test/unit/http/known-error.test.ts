import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { internalError, knownError } from "../../../src/http/known-error.ts";

function frameworkError(fields: { code?: string; statusCode?: number }): Error {
  return Object.assign(new Error("secret"), fields);
}

describe("knownError", () => {
  it("passes on the errors of the service, but for internal ones", () => {
    const error = new ServiceError("overloaded", "full");
    expect(knownError(error)).toBe(error);
    expect(knownError(new ServiceError("internal_error", "secret"))).toBeNull();
  });

  it.each([
    [{ code: "FST_ERR_CTP_INVALID_MEDIA_TYPE", statusCode: 415 }, "unsupported_media_type"],
    [{ code: "FST_ERR_BAD_URL", statusCode: 400 }, "invalid_request"],
    [{ code: "FST_ERR_MAX_PARAM_LENGTH", statusCode: 414 }, "not_found"],
    [{ statusCode: 403 }, "not_found"],
    [{ statusCode: 404 }, "not_found"],
    [{ statusCode: 412 }, "invalid_request"],
    [{ statusCode: 416 }, "invalid_request"],
  ])("translates what Fastify and its plugins refuse, without their words: %j", (fields, code) => {
    const error = knownError(frameworkError(fields));
    expect(error?.code).toBe(code);
    expect(error?.message).not.toContain("secret");
  });

  it.each([
    new TypeError("secret"),
    frameworkError({ statusCode: 500 }),
    "a string",
    null,
    undefined,
    { statusCode: 400 },
  ])("knows nothing of %j", (error) => {
    expect(knownError(error)).toBeNull();
  });
});

describe("internalError", () => {
  it("keeps its cause and shows nothing of it", () => {
    const cause = new Error("secret");
    expect(internalError(cause)).toMatchObject({ code: "internal_error", cause });
    expect(internalError(cause).message).not.toContain("secret");
  });
});
