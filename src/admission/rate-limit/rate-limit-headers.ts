import type { Decision } from "./bucket-store.ts";

/**
 * What a client is told of its limit, on every answer: names and values in turn, as `ServerResponse.writeHead` takes them.
 *
 * `RateLimit` and `RateLimit-Policy` are those of draft-ietf-httpapi-ratelimit-headers-11: the quota is the burst, its
 * window the time in which an empty bucket fills. `x-ratelimit-*` say the same to older clients, the reset in seconds from
 * now. A 429 also needs `Retry-After`: give its error the decision's `retryAfterMs`.
 */
export function rateLimitHeaders({ level, limit, remaining, resetMs }: Decision): string[] {
  const quota = String(Math.floor(limit.burst));
  const windowSeconds = Math.max(1, Math.ceil(limit.burst / limit.refillPerSecond));
  const resetSeconds = Math.ceil(resetMs / 1000);
  return [
    "ratelimit-policy",
    `"${level}";q=${quota};w=${windowSeconds}`,
    "ratelimit",
    `"${level}";r=${remaining};t=${resetSeconds}`,
    "x-ratelimit-limit",
    quota,
    "x-ratelimit-remaining",
    String(remaining),
    "x-ratelimit-reset",
    String(resetSeconds),
  ];
}
