import type { Config } from "../config.ts";
import type { BucketStore, Charge, Decision } from "./rate-limit/bucket-store.ts";
import type { Limit } from "./rate-limit/token-bucket.ts";

type RateLimitSettings = Config["rateLimit"];

/** Where buckets are kept now. */
export interface Buckets {
  readonly store: BucketStore;
  /** The part of a bucket that there is at least, whatever happens to the store: 1, or less where it may be lost. */
  readonly leastShare: number;
}

/** Who pays: the client of a key, or everybody at an address that sends none. */
export interface Payer {
  readonly level: "client" | "address";
  readonly name: string;
  /** The name of a tier; the default's limits count where it is not set up. */
  readonly tier: string;
}

/** The cost of what a request asks for, in tokens of a bucket. */
export interface TextCost {
  readonly texts: number;
  /** Tokens of text, or what is known of them. */
  readonly tokens: number;
}

/**
 * What one request pays, from the buckets of its payer and of its payer on this route, in one decision each time.
 *
 * - `open` takes 1, before its body is read.
 * - `take` takes the rest once it is known. A request that is refused then has paid what `open` took: its body was read.
 * - `settle` corrects that afterwards, and may leave a debt.
 */
export class Bill {
  readonly #buckets: Buckets;
  readonly #settings: RateLimitSettings;
  readonly #payer: Payer;
  readonly #charges: readonly Charge[];
  /** The bucket of a client who named itself, inside the one of its address. */
  #clientCharge: Charge | null = null;
  /** What the last `take` left out because no bucket holds so much: never given back, since it was never taken. */
  #forgiven = 0;
  #clientForgiven = 0;

  constructor(buckets: Buckets, settings: RateLimitSettings, payer: Payer, route: string) {
    this.#buckets = buckets;
    this.#settings = settings;
    this.#payer = payer;
    const { level, name, tier } = payer;
    const limit = tierLimit(settings, tier);
    this.#charges = [
      { level, key: name, limit },
      { level: "route", key: `${level} ${name} ${route}`, limit: shareOf(limit, settings.routeShare) },
    ];
  }

  /** Takes 1 for the request itself. */
  open(): Decision | Promise<Decision> {
    return this.#buckets.store.take(this.#charges, 1);
  }

  /** Whether `take` would have nothing to do. */
  isPaid(cost: number, clientId: string | null): boolean {
    return cost <= 1 && !this.#isNamed(clientId);
  }

  /** Gives back what `open` took: the request is refused for no fault of its own, before its body was read. */
  async giveBack(): Promise<void> {
    await this.#buckets.store.settle(this.#charges, -1);
  }

  /**
   * Takes what the request costs beyond what `open` took. `clientId` is what the client calls itself; it counts where no
   * key names the client. Returns null when there was nothing more to take.
   *
   * A cost that a full bucket could not pay is lowered to what it can. A client that is refused and waits as long as told
   * gets in, although it pays for its headers again.
   */
  async take(cost: number, clientId: string | null): Promise<Decision | null> {
    const named = await this.#nameClient(cost, clientId);
    if (named?.isAllowed === false) {
      return named;
    }
    const payable = Math.min(cost, ...this.#charges.map((charge) => this.#mostOf(charge)));
    this.#forgiven = Math.max(0, cost - payable);
    const rest = payable - 1;
    if (rest <= 0) {
      return named;
    }
    const decision = await this.#buckets.store.take(this.#charges, rest);
    if (decision.isAllowed) {
      return decision;
    }
    await this.#settleClient(this.#clientForgiven - Math.max(1, cost));
    const slowest = Math.min(...this.#charges.map(({ limit }) => limit.refillPerSecond));
    return { ...decision, retryAfterMs: decision.retryAfterMs + Math.ceil(1_000 / slowest) };
  }

  /** Takes so many tokens more, or gives them back when below 0, as far as they were taken. */
  async settle(difference: number): Promise<void> {
    const ofCharges = withoutForgiven(difference, this.#forgiven);
    if (ofCharges !== 0) {
      await this.#buckets.store.settle(this.#charges, ofCharges);
    }
    await this.#settleClient(withoutForgiven(difference, this.#clientForgiven));
  }

  /** What a bucket can pay when it is full, whatever happens to the store; 1 at least. */
  #mostOf({ limit }: Charge): number {
    return Math.max(1, limit.burst * this.#buckets.leastShare);
  }

  async #nameClient(cost: number, clientId: string | null): Promise<Decision | null> {
    if (!this.#isNamed(clientId)) {
      return null;
    }
    const { name, tier } = this.#payer;
    const limit = shareOf(tierLimit(this.#settings, tier), this.#settings.clientIdShare);
    // White space keeps it apart from the names of keys, which have none.
    this.#clientCharge = { level: "client", key: `${name} ${clientId}`, limit };
    this.#clientForgiven = Math.max(0, cost - this.#mostOf(this.#clientCharge));
    return this.#buckets.store.take([this.#clientCharge], Math.max(1, cost));
  }

  #isNamed(clientId: string | null): clientId is string {
    return clientId !== null && this.#payer.level === "address";
  }

  async #settleClient(difference: number): Promise<void> {
    if (this.#clientCharge !== null && difference !== 0) {
      await this.#buckets.store.settle([this.#clientCharge], difference);
    }
  }
}

/** Of what is given back, what had been taken. */
function withoutForgiven(difference: number, forgiven: number): number {
  return difference < 0 ? Math.min(0, difference + forgiven) : difference;
}

/** Whole thousands of tokens only: a short text costs what a text costs. */
export function textCost({ texts, tokens }: TextCost, settings: RateLimitSettings): number {
  return texts * settings.costPerText + Math.floor(tokens / 1_000) * settings.costPer1000Tokens;
}

function tierLimit({ tiers }: RateLimitSettings, tier: string): Limit {
  // A tier is any name: one that every object has is none of ours.
  return Object.hasOwn(tiers, tier) ? (tiers[tier] ?? tiers.default) : tiers.default;
}

/** A bucket holds 1 token at least, or nobody would ever get in. */
function shareOf({ burst, refillPerSecond }: Limit, share: number): Limit {
  return { burst: Math.max(1, burst * share), refillPerSecond: refillPerSecond * share };
}
