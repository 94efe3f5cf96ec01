import type { Decision } from "../admission/rate-limit/bucket-store.ts";
import { ServiceError } from "../errors.ts";

/** Which limit was met, as metrics and logs name it. */
export type RateLimitReason = "client" | "route" | "address" | "login" | "unknown_path";

const messages: Readonly<Record<RateLimitReason, string>> = {
  client: "The client has used up its rate limit; try again later.",
  route: "The client has used up its rate limit on this route; try again later.",
  address: "This address has used up the rate limit of those without a key; try again later.",
  login: "Too many log-ins from this address have failed; try again later.",
  unknown_path: "This address has asked for too many paths or methods that do not exist; try again later.",
};

/** The answer to a client without tokens. The level of the decision says which limit it was, unless `reason` does. */
export function tooManyRequests(
  { level, retryAfterMs }: Decision,
  reason: RateLimitReason = level === "client" || level === "route" ? level : "address",
): ServiceError {
  return new ServiceError("rate_limit_exceeded", messages[reason], { retryAfterMs, facts: { limit: reason } });
}
