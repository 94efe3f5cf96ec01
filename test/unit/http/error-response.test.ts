import { describe, expect, it } from "vitest";
import { type ErrorCode, errorCodes, ServiceError, type ServiceErrorOptions } from "../../../src/errors.ts";
import { errorResponse } from "../../../src/http/error-response.ts";

const ids = { requestId: "request-1", traceId: "0af7651916cd43dd8448eb211c80319c" };
const addressee = { ids, traceHeaders: ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"] };

function responseTo(code: ErrorCode, options: ServiceErrorOptions = {}) {
  const { status, headers, body } = errorResponse(new ServiceError(code, "Dommage.", options), addressee);
  const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? ""]] : []));
  return { status, headers: Object.fromEntries(pairs) as Record<string, string>, body };
}

describe("errorResponse", () => {
  it("has OpenAI's error object and names the request and its trace", () => {
    const { status, headers, body } = responseTo("invalid_request", { param: "input[3]" });
    expect(status).toBe(400);
    expect(JSON.parse(body)).toEqual({
      error: { message: "Dommage.", type: "invalid_request_error", param: "input[3]", code: "invalid_request" },
      ...ids,
    });
    expect(headers["x-request-id"]).toBe("request-1");
    expect(headers["traceparent"]).toBe("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
  });

  it("counts its length in bytes", () => {
    const error = new ServiceError("not_found", "Là n'est rien.");
    const { headers, body } = errorResponse(error, addressee);
    expect(headers[headers.indexOf("content-length") + 1]).toBe(String(Buffer.byteLength(body)));
    expect(Buffer.byteLength(body)).toBeGreaterThan(body.length);
  });

  it.each([
    [undefined, "1", "1000"],
    [0, "1", "1"],
    [0.2, "1", "1"],
    [1_000, "1", "1000"],
    [1_000.5, "2", "1001"],
    [61_000, "61", "61000"],
  ])(
    "tells when to come back after a 503 that knows %s ms: whole seconds, rounded up, at least 1",
    (ms, seconds, milliseconds) => {
      const { headers } = responseTo("overloaded", ms === undefined ? {} : { retryAfterMs: ms });
      expect(headers["retry-after"]).toBe(seconds);
      expect(headers["retry-after-ms"]).toBe(milliseconds);
    },
  );

  it("tells when to come back after every 429 and 503, and after nothing else", () => {
    const codes = errorCodes.filter((code) => responseTo(code).headers["retry-after"] !== undefined);
    expect(codes.toSorted()).toEqual([
      "circuit_open",
      "draining",
      "maintenance",
      "model_loading",
      "out_of_memory",
      "overloaded",
      "rate_limit_exceeded",
    ]);
  });

  it("asks stock clients not to repeat what missed its deadline, and only that", () => {
    const codes = errorCodes.filter((code) => responseTo(code).headers["x-should-retry"] !== undefined);
    expect(codes).toEqual(["deadline_exceeded"]);
    expect(responseTo("deadline_exceeded").headers["x-should-retry"]).toBe("false");
  });
});
