import { textCost } from "../admission/bill.ts";
import type { Exchange } from "./exchange.ts";
import { tooManyRequests } from "./too-many-requests.ts";

/** Of French prose, about: what a text is taken to have until it is tokenized. */
const charactersPerToken = 4;

/** An upload is charged whenever so many more tokens have come together: a request to Redis each. */
const settlingStep = 10;

/**
 * Takes what texts cost, as far as that is known before they are tokenized: `inputLength` is set. Null when that was paid at
 * the headers, as of most requests.
 * @throws ServiceError `rate_limit_exceeded`; the request has then paid what its headers cost.
 */
export function payForTexts(exchange: Exchange, texts: number): Promise<void> | null {
  const { bill, clientId, config } = exchange;
  const cost = textCost({ texts, tokens: likelyTokens(exchange) }, config.rateLimit);
  return bill === null || bill.isPaid(cost, clientId) ? null : pay(exchange, cost);
}

/** Corrects what texts paid by the tokens that they truly had. */
export function settleTexts(exchange: Exchange, tokens: number): void {
  const { rateLimit } = exchange.config;
  const paid = textCost({ texts: 0, tokens: likelyTokens(exchange) }, rateLimit);
  const difference = textCost({ texts: 0, tokens }, rateLimit) - paid;
  if (difference !== 0) {
    void exchange.bill?.settle(difference);
  }
}

/**
 * Takes what a request costs in all, of which 1 was taken at its headers.
 * @throws ServiceError `rate_limit_exceeded`; the request has then paid what its headers cost.
 */
export async function pay(exchange: Exchange, cost: number): Promise<void> {
  const decision = (await exchange.bill?.take(cost, exchange.clientId)) ?? null;
  if (decision === null) {
    return;
  }
  if (!decision.isAllowed) {
    exchange.rateLimit = decision;
    throw tooManyRequests(decision);
  }
  if (exchange.rateLimit === null || decision.remaining < exchange.rateLimit.remaining) {
    exchange.rateLimit = decision;
  }
}

/** Charges an upload for its audio, and for the texts in it that are scored. What nobody knew beforehand may be owed. */
export class AudioToll {
  readonly #exchange: Exchange;
  /** One was taken at the headers. */
  #paid = 1;
  #ofAudio = 1;
  #ofTexts = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** `audioMs` is all that was decoded so far, in milliseconds. */
  decoded(audioMs: number): void {
    const seconds = Math.floor(audioMs / 1_000);
    this.#ofAudio = Math.max(this.#ofAudio, seconds * this.#exchange.config.rateLimit.costPerAudioSecond);
    this.#settleNowAndThen();
  }

  /** The text of one segment was scored. */
  textScored(): void {
    this.#ofTexts += this.#exchange.config.rateLimit.costPerText;
    this.#settleNowAndThen();
  }

  settle(): void {
    const due = this.#ofAudio + this.#ofTexts;
    void this.#exchange.bill?.settle(due - this.#paid);
    this.#paid = due;
  }

  #settleNowAndThen(): void {
    if (this.#ofAudio + this.#ofTexts - this.#paid >= settlingStep) {
      this.settle();
    }
  }
}

function likelyTokens({ inputLength }: Exchange): number {
  return (inputLength ?? 0) / charactersPerToken;
}
