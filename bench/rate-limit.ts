import { createRequire } from "node:module";
import { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import type { BucketStore, Charge } from "../src/admission/rate-limit/bucket-store.ts";
import { MemoryStore } from "../src/admission/rate-limit/memory-store.ts";
import { RedisStore } from "../src/admission/rate-limit/redis-store.ts";
import { missingRedis, RedisServer } from "../test/helpers/redis-server.ts";
import type { Benchmark, Findings, Progress } from "./benchmark.ts";
import { type Spread, spread } from "./statistics.ts";
import { figure, type Table } from "./table.ts";

/** Buckets that take turns, as clients do. */
const clients = 1_000;

/** Decisions that one contestant makes in a round. */
const memoryDecisions = 200_000;
const redisDecisions = 20_000;

/** Every decision admits: nobody measures how fast it refuses. */
const limit = { burst: 1e9, refillPerSecond: 1e6 };
const windowSeconds = 1_000;

/** The callback interface of the stores of @fastify/rate-limit, which has no types for them. */
interface PluginStore {
  incr(key: string, done: (error: Error | null, result: unknown) => void, timeWindow: number, max: number): void;
}
type PluginStoreClass = new (
  continueExceeding: boolean,
  exponentialBackoff: boolean,
  cacheOrRedis: number | Redis,
) => PluginStore;

/** One limiter; it decides about one request of the client with this number. */
interface Contestant {
  readonly name: string;
  readonly decide: (client: number) => unknown;
}

/** A way in which all contestants are driven. */
interface Scenario {
  readonly title: string;
  readonly contestants: readonly Contestant[];
  readonly decisions: number;
  /** Decisions under way at a time; null for those in memory, which are made one after another. */
  readonly concurrency: number | null;
}

interface Result {
  readonly name: string;
  readonly microseconds: Spread;
  /** Theirs ÷ ours, round by round: above 1 we are faster. */
  readonly ratio: Spread;
}

/** Token buckets against the stores of @fastify/rate-limit and against rate-limiter-flexible. */
export const rateLimit: Benchmark = {
  summary: "µs per rate limit decision, in memory and in Redis",
  options: [{ name: "rounds", byDefault: 7, help: "rounds in which all take turns; the first warms up" }],

  async run(options, progress): Promise<Findings> {
    const rounds = options.number("rounds");
    const tables: Table[] = [];
    const values: Record<string, readonly Result[]> = {};
    const measure = async (key: string, scenario: Scenario): Promise<void> => {
      const results = await takeTurns(scenario, rounds, progress);
      values[key] = results;
      tables.push(tableOf(scenario.title, results));
    };

    await measure("memory", {
      title: "In memory, µs per decision",
      contestants: memoryContestants(),
      decisions: memoryDecisions,
      concurrency: null,
    });
    if (missingRedis === null) {
      await using server = await RedisServer.start();
      const store = new RedisStore({ url: server.url, timeoutMs: () => 60_000 });
      const redis = new Redis(server.url);
      await store.probe();
      const contestants = redisContestants(store, redis);
      for (const concurrency of [1, 64]) {
        await measure(`redis${concurrency}`, {
          title: `In Redis, ${concurrency} at a time, µs per decision`,
          contestants,
          decisions: redisDecisions,
          concurrency,
        });
      }
      await store.close();
      redis.disconnect();
    }
    const notes = ["ours charges a token bucket; the others count requests in a fixed window and charge one key."];
    return {
      tables,
      notes: missingRedis === null ? notes : [...notes, `without Redis: ${missingRedis}`],
      failures: [],
      values,
    };
  },
};

function memoryContestants(): Contestant[] {
  const LocalStore = pluginStore("LocalStore");
  const plugin = new LocalStore(false, false, 2 * clients);
  const flexible = new RateLimiterMemory({ points: limit.burst, duration: windowSeconds });
  return [
    ...ourContestants(new MemoryStore(10 * clients)),
    { name: "@fastify/rate-limit LocalStore", decide: (client) => countAtOnce(plugin, client) },
    { name: "rate-limiter-flexible RateLimiterMemory", decide: (client) => flexible.consume(keyOf(client)) },
  ];
}

function redisContestants(store: RedisStore, redis: Redis): Contestant[] {
  const RedisPluginStore = pluginStore("RedisStore");
  const plugin = new RedisPluginStore(false, false, redis);
  const flexible = new RateLimiterRedis({ storeClient: redis, points: limit.burst, duration: windowSeconds });
  return [
    ...ourContestants(store),
    { name: "@fastify/rate-limit RedisStore", decide: (client) => countLater(plugin, client) },
    { name: "rate-limiter-flexible RateLimiterRedis", decide: (client) => flexible.consume(keyOf(client)) },
  ];
}

/** One level is what the others do; three are charged in one decision for a client without a key. */
function ourContestants(store: BucketStore): Contestant[] {
  return [
    { name: "ours, 1 level", decide: (client) => store.take([charge("client", keyOf(client))], 1) },
    {
      name: "ours, 3 levels",
      decide: (client) => {
        const key = keyOf(client);
        return store.take([charge("address", "192.0.2.1"), charge("client", key), charge("route", key)], 1);
      },
    },
  ];
}

function charge(level: string, key: string): Charge {
  return { level, key, limit };
}

function keyOf(client: number): string {
  return `client-${client}`;
}

function count(store: PluginStore, client: number, done: (error: Error | null, result: unknown) => void): void {
  store.incr(keyOf(client), done, windowSeconds * 1000, limit.burst);
}

/** Its callback is called before it returns. */
function countAtOnce(store: PluginStore, client: number): unknown {
  let counted: unknown;
  count(store, client, (_, result) => {
    counted = result;
  });
  return counted;
}

function countLater(store: PluginStore, client: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    count(store, client, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

/** A B C A B C …: what the machine does to one, it does to all. */
async function takeTurns(scenario: Scenario, rounds: number, progress: Progress): Promise<Result[]> {
  const { contestants, title } = scenario;
  const times = contestants.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const microseconds = await microsecondsPerDecision(contestant, scenario);
      if (round > 0) {
        times[index]?.push(microseconds);
      }
    }
    progress(`${title}: round ${round}/${rounds}`);
  }
  const ours = times[0] ?? [];
  return contestants.map(({ name }, index) => {
    const theirs = times[index] ?? [];
    const ratios = theirs.map((each, round) => each / (ours[round] ?? Number.NaN));
    return { name, microseconds: spread(theirs), ratio: spread(ratios) };
  });
}

async function microsecondsPerDecision({ decide }: Contestant, { decisions, concurrency }: Scenario): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  const drive = async (): Promise<void> => {
    while (next < decisions) {
      const decided = decide(next++ % clients);
      // A promise is waited for, as a request would; a decision that is there costs no turn.
      if (decided instanceof Promise) {
        await decided;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency ?? 1 }, drive));
  return ((performance.now() - startedAt) / decisions) * 1000;
}

function tableOf(title: string, results: readonly Result[]): Table {
  return {
    title,
    columns: ["", "median", "min", "max", "÷ ours, 1 level"],
    rows: results.map(({ name, microseconds: { median, min, max }, ratio }) => [
      name,
      figure(median),
      figure(min),
      figure(max),
      figure(ratio.median),
    ]),
  };
}

function pluginStore(name: string): PluginStoreClass {
  return createRequire(import.meta.url)(`@fastify/rate-limit/store/${name}.js`) as PluginStoreClass;
}
