import type { Buckets } from "./admission/bill.ts";
import { FallbackStore } from "./admission/rate-limit/fallback-store.ts";
import { MemoryStore } from "./admission/rate-limit/memory-store.ts";
import { RedisStore } from "./admission/rate-limit/redis-store.ts";
import type { EventBus } from "./events.ts";
import type { Secrets } from "./open-secrets.ts";
import type { RedisSecrets } from "./secrets/redis-url.ts";

/** 25 MB or so of buckets. */
const maxBuckets = 100_000;

export interface RedisSettings {
  /** Share of the limits that this instance gives by itself while Redis is lost, above 0 to 1. */
  readonly redisShare: number;
  /** The longest that a request waits for Redis, in milliseconds. */
  readonly redisTimeoutMs: number;
}

export interface OpenBuckets {
  readonly current: () => Buckets;
  close(): Promise<void>;
}

/**
 * The buckets of all rate limits: in the Redis of the secrets, whenever there is one, and else in memory. A rotated Redis
 * is connected first and used then. The settings are read at every decision.
 */
export async function openBuckets(
  secrets: Secrets,
  settings: () => RedisSettings,
  events: EventBus,
): Promise<OpenBuckets> {
  const redisShare = (): number => settings().redisShare;
  const connect = ({ url }: RedisSecrets): RedisStore =>
    url.use((text) => new RedisStore({ url: text, timeoutMs: () => settings().redisTimeoutMs }));
  const local = new MemoryStore(maxBuckets);
  let shared: FallbackStore | null = null;
  const share = async (redis: RedisSecrets): Promise<void> => {
    shared = await FallbackStore.start({
      shared: connect(redis),
      local,
      localShare: redisShare,
      onStateChange: (change) => events.emit("rate_limit_store_changed", change),
    });
  };
  const atStart = secrets.current("redis");
  if (atStart !== null) {
    await share(atStart);
  }
  const unsubscribe = secrets.onRotation("redis", async (next) => {
    if (shared === null) {
      await share(next);
      return;
    }
    const store = connect(next);
    try {
      await store.probe();
    } catch (error) {
      await store.close();
      throw error;
    }
    await shared.replaceShared(store);
  });
  return {
    current: () => (shared === null ? { store: local, leastShare: 1 } : { store: shared, leastShare: redisShare() }),
    close: async () => {
      unsubscribe();
      await (shared ?? local).close();
    },
  };
}
