import { expect, test } from "vitest";
import { rateLimitHeaders } from "../../../../src/admission/rate-limit/rate-limit-headers.ts";

const decision = {
  isAllowed: true,
  retryAfterMs: 0,
  level: "client",
  limit: { burst: 100, refillPerSecond: 3 },
  remaining: 41,
  resetMs: 19_001,
  decidedAtMs: 0,
};

/** From names and values in turn. */
function asObject(headers: readonly string[]): Record<string, string | undefined> {
  const names = headers.filter((_, index) => index % 2 === 0);
  return Object.fromEntries(names.map((name, index) => [name, headers[2 * index + 1]]));
}

test("a client is told of its limit in the draft's fields and in those of old", () => {
  expect(asObject(rateLimitHeaders(decision))).toEqual({
    "ratelimit-policy": '"client";q=100;w=34',
    ratelimit: '"client";r=41;t=20',
    "x-ratelimit-limit": "100",
    "x-ratelimit-remaining": "41",
    "x-ratelimit-reset": "20",
  });
});

test("quota and window are whole numbers, the window at least one second", () => {
  const headers = rateLimitHeaders({ ...decision, limit: { burst: 2.5, refillPerSecond: 1_000 }, resetMs: 0 });
  expect(headers).toContain('"client";q=2;w=1');
  expect(headers).toContain('"client";r=41;t=0');
});
