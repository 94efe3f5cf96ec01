import { once } from "node:events";
import { Redis } from "ioredis";
import { bucketScript, bucketScriptDigest } from "./bucket-script.ts";
import { type Charge, type Decision, decide, type LosableStore, StoreUnavailableError } from "./bucket-store.ts";

/**
 * All buckets share one hash slot, so that one script may read any of them together: which addresses and clients meet in a
 * request is not known beforehand.
 */
const keyPrefix = "{rate-limit}:";

/** Milliseconds that a connection may take until it is ready. */
const connectTimeoutMs = 1_000;

/** Milliseconds without any answer after which a connection counts as dead and is made anew. */
const silenceMs = 5_000;

/** Longest pause between two tries to connect, in milliseconds. */
const maxReconnectMs = 1_000;

export interface RedisStoreSettings {
  /** `redis://`, `rediss://` or the path of a socket, with credentials where they are needed. */
  readonly url: string;
  /** Milliseconds after which a decision is given up; read at every decision. */
  readonly timeoutMs: () => number;
}

/**
 * Buckets that all instances of the service share. A decision is one round trip, made by one script on Redis' own clock:
 * the clocks of the instances decide nothing.
 *
 * A decision that times out may still be charged. Nothing is queued while Redis is away, and nothing is sent twice.
 */
export class RedisStore implements LosableStore {
  readonly #redis: Redis;
  readonly #timeoutMs: () => number;
  #connectionError: unknown = null;

  /** Begins to connect, and goes on trying until it is closed. */
  constructor({ url, timeoutMs }: RedisStoreSettings) {
    this.#timeoutMs = timeoutMs;
    this.#redis = new Redis(url, {
      connectTimeout: connectTimeoutMs,
      socketTimeout: silenceMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // Commands without an answer fail as soon as the connection does.
      maxRetriesPerRequest: 0,
      // After a failover the address leads to another server, and the connection still to the one that was the primary.
      reconnectOnError: ({ message }) => /\bREADONLY\b/.test(message),
      retryStrategy: (attempts) =>
        Math.min(maxReconnectMs, 50 * 2 ** Math.min(attempts, 10)) * (0.5 + Math.random() / 2),
    });
    this.#redis.on("error", (error) => {
      this.#connectionError = error;
    });
    this.#redis.on("ready", () => {
      this.#connectionError = null;
    });
  }

  /** @throws StoreUnavailableError after `timeoutMs` at the latest. */
  take(charges: readonly Charge[], cost: number): Promise<Decision> {
    return this.#decide("take", charges, cost);
  }

  /** @throws StoreUnavailableError after `timeoutMs` at the latest. */
  settle(charges: readonly Charge[], difference: number): Promise<Decision> {
    return this.#decide("settle", charges, difference);
  }

  /**
   * Makes a decision about a bucket of its own, once the connection is ready.
   * @throws StoreUnavailableError when there is no decision after one second and `timeoutMs`, at the latest.
   */
  async probe(): Promise<void> {
    if (this.#redis.status !== "ready") {
      try {
        await once(this.#redis, "ready", { signal: AbortSignal.timeout(connectTimeoutMs) });
      } catch {
        throw this.#unavailable(null);
      }
    }
    await this.take([{ level: "probe", key: "", limit: { burst: 1, refillPerSecond: 1000 } }], 0);
  }

  /** Waits for the decisions that are under way. */
  async close(): Promise<void> {
    try {
      await withTimeout(this.#redis.quit(), this.#timeoutMs());
    } catch {
      // There is nobody to say goodbye to.
    }
    this.#redis.disconnect();
  }

  async #decide(action: "take" | "settle", charges: readonly Charge[], amount: number): Promise<Decision> {
    let reply: readonly number[];
    try {
      reply = await withTimeout(this.#run(action, charges, amount), this.#timeoutMs());
    } catch (error) {
      throw error instanceof StoreUnavailableError ? error : this.#unavailable(error);
    }
    const [decidedAtMs = Number.NaN, ...figures] = reply;
    const levels = charges.map((charge, index) => {
      const [waitMs = 0, remaining = 0, resetMs = 0] = figures.slice(3 * index);
      return { charge, waitMs, remaining, resetMs };
    });
    return decide(levels, decidedAtMs);
  }

  async #run(action: "take" | "settle", charges: readonly Charge[], amount: number): Promise<readonly number[]> {
    const keys = charges.map(({ level, key }) => `${keyPrefix}${level}:${key}`);
    const limits = charges.flatMap(({ limit }) => [limit.burst, limit.refillPerSecond]);
    const parameters = [...keys, action, amount, ...limits];
    try {
      return (await this.#redis.evalsha(bucketScriptDigest, keys.length, ...parameters)) as number[];
    } catch (error) {
      if (!(isReplyError(error) && error.message.startsWith("NOSCRIPT"))) {
        throw error;
      }
      // A Redis that just started: this loads the script.
      return (await this.#redis.eval(bucketScript, keys.length, ...parameters)) as number[];
    }
  }

  #unavailable(error: unknown): StoreUnavailableError {
    // A command without a connection does not know why there is none.
    return new StoreUnavailableError(reasonOf(isReplyError(error) ? error : this.#connectionError));
  }
}

function reasonOf(error: unknown): string {
  if (isReplyError(error)) {
    return /^[A-Z]+\b/.exec(error.message)?.[0] ?? "ERR";
  }
  return error instanceof Error && "code" in error ? String(error.code) : "disconnected";
}

function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** Rejects with a StoreUnavailableError when there is no answer in time. */
function withTimeout<Answer>(answer: Promise<Answer>, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // After a busy stretch of our own, timers come first although the answer has been lying there: look once more.
      setImmediate(() => reject(new StoreUnavailableError("timeout")));
    }, timeoutMs);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: Error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
