import { freePort } from "../../../bench/child-program.ts";
import { missingRedis, TcpRedis } from "../../../test/helpers/redis-server.ts";
import type { Drill, Fault } from "../drill.ts";
import { type Stage, statusOf } from "../stage.ts";
import { repeatedFault } from "./repeated-fault.ts";

/** Requests of one round of a flood, all at once. */
const floodSize = 20;

/** What clients do, and the Redis that keeps their limits. */
export const clientDrills: readonly Drill[] = [
  {
    name: "flood",
    fault: "a client that asks for more than its bucket holds",
    alerts: [{ name: "RateLimitSurge" }],
    async prepare(stage) {
      const tiers = { default: { burst: 10, refillPerSecond: 1 } };
      const service = await stage.start({ settings: { rateLimit: { tiers } } });
      return flood(stage, () => stage.classify(service, ["Bonjour."]));
    },
  },
  {
    name: "guesses",
    fault: "log-ins with keys that nobody has",
    alerts: [{ name: "CredentialGuessing" }],
    async prepare(stage) {
      const service = await stage.start({ settings: { rateLimit: { mistakes: { burst: 10, refillPerSecond: 1 } } } });
      const headers = { authorization: "Bearer nobody" };
      return flood(stage, () => statusOf(fetch(`${service.url}/v1/models`, { headers })));
    },
  },
  {
    name: "redis",
    fault: "SIGKILL of Redis",
    alerts: [{ name: "RateLimitStoreLost" }],
    lacks: missingRedis,
    async prepare(stage) {
      const redis = new TcpRedis(await freePort());
      await redis.start();
      stage.defer(() => redis.kill());
      const service = await stage.start({ environment: { REDIS_URL: redis.url } });
      // It is lost when a request needs it.
      stage.sendTexts(service, 10);
      return { inject: () => redis.kill(), remove: () => redis.start() };
    },
  },
];

function flood(stage: Stage, ask: () => Promise<number | null>): Fault {
  return repeatedFault(stage, 100, async () => {
    await Promise.all(Array.from({ length: floodSize }, ask));
  });
}
