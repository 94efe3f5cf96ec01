import { expect, test } from "vitest";
import { redisBundle } from "../../../src/secrets/redis-url.ts";

const notRedis = "must be a redis:// or rediss:// URL with a host";

test.each([
  "redis://127.0.0.1",
  "redis://cache:6379/0",
  "rediss://user:p%40ss@cache.example:6380/15",
  "redis://:word@[::1]:6379",
])("%s may be the address of Redis", (text) => {
  expect(problemOf(text)).toBeNull();
});

test.each([
  ["", "must not be empty"],
  ["redis://cache\n", "must have no white space around it; look for a line break at its end"],
  ["http://cache", notRedis],
  ["redis://", notRedis],
  ["cache:6379", notRedis],
  ["redis://cache/users", "must have the number of a database as its path, or none"],
  ["redis://cache?db=1", "must have neither query nor fragment"],
  ["redis://:100%sure@cache", "must hold user name and password with every % written as %25"],
  ["redis://:wörd@cache", "must consist of printable ASCII characters; write others, in a password, as %XX"],
])("%j may not: %s", (text, problem) => {
  expect(problemOf(text)).toBe(problem);
});

function problemOf(text: string): string | null {
  return redisBundle.fields[0]?.problem(text) ?? null;
}
