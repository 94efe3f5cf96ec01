import type { FastifyRequest } from "fastify";
import { addressGroup, unknownAddress } from "../admission/address-group.ts";
import { acquirePermit, modelOrRefusal } from "../admission/admit.ts";
import { type Access, authenticate, authorize } from "../admission/authentication.ts";
import { Bill } from "../admission/bill.ts";
import type { CredentialHeaders } from "../admission/keys/credentials.ts";
import type { VerifiedKey } from "../admission/keys/verify-key.ts";
import { onceKnown } from "../admission/once-known.ts";
import type { Decision } from "../admission/rate-limit/bucket-store.ts";
import { ServiceError } from "../errors.ts";
import type { ClientKey } from "../scheduler/request-context.ts";
import type { ServedModel } from "../tasks/served-model.ts";
import type { AppDependencies } from "./app.ts";
import type { Exchange } from "./exchange.ts";
import { tooManyRequests } from "./too-many-requests.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a key must allow where keys are demanded; without it the route is open to everybody. */
    readonly access?: Access;
    /** Each request takes from the client's buckets. */
    readonly isLimited?: boolean;
  }
}

export type DoorDependencies = Pick<AppDependencies, "models" | "permits" | "state" | "speech" | "keys" | "buckets">;

/** Null: come in. */
type Refusal = Error | null;

/**
 * What a request meets before its body is read, in this order: is its key right and for this (401, 403), is the service
 * in a state to work at all (503), has the client tokens left (429), is there a permit (503). A refusal takes no permit, and
 * one with 503 takes no token.
 *
 * Synchronous as long as the buckets are in memory: refusals have to be cheap.
 */
export class Door {
  readonly #dependencies: DoorDependencies;

  constructor(dependencies: DoorDependencies) {
    this.#dependencies = dependencies;
  }

  /** Lets a request in, or returns what it is refused with. */
  enter(exchange: Exchange, request: FastifyRequest): Refusal | Promise<Refusal> {
    const { access = null, isLimited = false } = request.routeOptions.config ?? {};
    const address = addressOf(request);
    if (access === null) {
      return isLimited ? this.#pay(exchange, address) : null;
    }
    return onceKnown(this.#identify(exchange, request, access, address), (refusal) => {
      if (refusal !== null || !isLimited) {
        return refusal;
      }
      return exchange.isTask ? this.#enterTask(exchange, address) : this.#pay(exchange, address);
    });
  }

  /** Counts a path or method that leads nowhere, or cannot be read; whoever asks for too many of them is told so. */
  countUnknownPath(exchange: Exchange, request: FastifyRequest): Refusal | Promise<Refusal> {
    return onceKnown(this.#takeMistake(exchange, "unknown_path", addressOf(request)), refusalFrom("unknown_path"));
  }

  #identify(exchange: Exchange, request: FastifyRequest, access: Access, address: string): Refusal | Promise<Refusal> {
    const { keys } = this.#dependencies;
    if (exchange.config.auth.mode === "none" || !keys.hasList()) {
      return null;
    }
    return onceKnown(authenticate(credentialHeaders(request), keys), (key) => {
      if (key instanceof ServiceError) {
        return this.#countFailedLogIn(exchange, key, address);
      }
      exchange.key = key;
      exchange.clientId = key.client;
      return authorize(key, access);
    });
  }

  /** A right key always opens: others at its address cannot lock it out. */
  #countFailedLogIn(exchange: Exchange, failure: ServiceError, address: string): Refusal | Promise<Refusal> {
    return onceKnown(
      this.#takeMistake(exchange, "login", address),
      (decision) => refusalFrom("login")(decision) ?? failure,
    );
  }

  #takeMistake(
    { config: { rateLimit } }: Exchange,
    level: "login" | "unknown_path",
    address: string,
  ): Decision | null | Promise<Decision> {
    return rateLimit.enabled
      ? this.#dependencies.buckets().store.take([{ level, key: address, limit: rateLimit.mistakes }], 1)
      : null;
  }

  #enterTask(exchange: Exchange, address: string): Refusal | Promise<Refusal> {
    const found = this.#findModel(exchange, address);
    if (found instanceof Error) {
      return found;
    }
    return onceKnown(this.#pay(exchange, address), (refusal) => {
      if (refusal !== null || exchange.isFinished) {
        return refusal;
      }
      const holder = holderOf(exchange.key, address);
      const permit = acquirePermit(this.#dependencies.permits, holder, exchange.route);
      if (permit instanceof Error) {
        void exchange.bill?.giveBack();
        return permit;
      }
      // Where Redis was asked, a reload may have replaced it meanwhile.
      const model = this.#dependencies.models.find(found.identity.name) ?? found;
      exchange.admit({ permit, model, holder });
      return null;
    });
  }

  /** The model that the request most likely needs, or why it cannot have it. */
  #findModel({ config, audioBody, key }: Exchange, address: string): ServedModel | Error {
    const { models, speech, state } = this.#dependencies;
    const isSpeech = audioBody !== null;
    const model = models.find(isSpeech ? config.transcribe.model : config.classify.model);
    if (isSpeech && model === null && models.list().length > 0) {
      return new ServiceError("model_not_found", "This service has no model that writes down speech.");
    }
    // What the client calls itself is in the body: unknown until then.
    const client = { address: holderOf(key, address), clientId: key?.client ?? "" };
    return modelOrRefusal({
      isDraining: state() === "draining",
      isInMaintenance: config.service.maintenance,
      model,
      refusal: (served) =>
        isSpeech ? (this.#speechRefusal(served, client) ?? speech.audio.refusal()) : served.refusal(client),
    });
  }

  /** A form may name another model than the usual one: it is refused here when no model would take it. */
  #speechRefusal(usual: ServedModel, client: ClientKey): Refusal {
    const refusal = usual.refusal(client);
    const takesIt = (other: ServedModel): boolean => other.task === usual.task && other.refusal(client) === null;
    return refusal !== null && this.#dependencies.models.list().some(takesIt) ? null : refusal;
  }

  /** Takes 1 from the buckets of the client, or of the address that sent no key. */
  #pay(exchange: Exchange, address: string): Refusal | Promise<Refusal> {
    const { rateLimit } = exchange.config;
    if (!rateLimit.enabled) {
      return null;
    }
    const { key } = exchange;
    const payer =
      key === null
        ? ({ level: "address", name: address, tier: "anonymous" } as const)
        : ({ level: "client", name: key.client, tier: key.tier } as const);
    const bill = new Bill(this.#dependencies.buckets(), rateLimit, payer, exchange.route);
    return onceKnown(bill.open(), (decision) => {
      exchange.rateLimit = decision;
      exchange.bill = bill;
      return decision.isAllowed ? null : tooManyRequests(decision);
    });
  }
}

function refusalFrom(reason: "login" | "unknown_path"): (decision: Decision | null) => Refusal {
  return (decision) => (decision === null || decision.isAllowed ? null : tooManyRequests(decision, reason));
}

/** Whose share of permits, memory, queue and disk a request takes: its client's, wherever that is, or its address's. */
function holderOf(key: VerifiedKey | null, address: string): string {
  // White space keeps it apart from addresses, which have none.
  return key === null ? address : `client ${key.client}`;
}

function addressOf(request: FastifyRequest): string {
  // Node cannot tell the address of a connection that was reset, whatever Fastify's type says.
  const address = request.ip as string | undefined;
  return address === undefined ? unknownAddress : addressGroup(address);
}

/** Every header that may hold a key, those that were sent twice too: Node's own object keeps the first `Authorization` only. */
function credentialHeaders({ raw: { rawHeaders } }: FastifyRequest): CredentialHeaders {
  const found = { authorization: [] as string[], "x-api-key": [] as string[] };
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase();
    if (name === "authorization" || name === "x-api-key") {
      found[name].push(rawHeaders[index + 1] ?? "");
    }
  }
  return found;
}
