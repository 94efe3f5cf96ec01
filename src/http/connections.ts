import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ServiceError } from "../errors.ts";
import type { Exchange } from "./exchange.ts";

/** What is under way on one connection. Pipelined requests are open at the same time. */
export class Connection {
  /** The request that was read last, or is still being read. */
  #lastRequest: IncomingMessage;
  #lastExchange: Exchange;
  /** Exchanges whose answer has not left yet, in the order of their requests. */
  readonly #open = new Set<Exchange>();
  #onIdle: (() => void) | null = null;

  constructor(request: IncomingMessage, exchange: Exchange) {
    this.#lastRequest = request;
    this.#lastExchange = exchange;
    request.socket.once("close", () => {
      for (const each of this.#open) {
        each.clientLeft();
      }
    });
  }

  /** The exchange whose request is still being read, or null between requests. */
  get reading(): Exchange | null {
    return this.#lastRequest.complete ? null : this.#lastExchange;
  }

  requestArrived(request: IncomingMessage, exchange: Exchange): void {
    this.#lastRequest = request;
    this.#lastExchange = exchange;
  }

  /** Watches an exchange until it is removed: should the connection close first, the client has left. */
  add(exchange: Exchange): void {
    this.#open.add(exchange);
  }

  remove(exchange: Exchange): void {
    this.#open.delete(exchange);
    if (this.#open.size === 0) {
      this.#onIdle?.();
    }
  }

  /** Whoever works on what is under way hears why it is over, and answers. */
  cutOff(reason: ServiceError): void {
    for (const each of this.#open) {
      each.cannotBeRead(reason);
    }
  }

  /** Calls back once all answers have left: at once when none is due. */
  whenIdle(callback: () => void): void {
    if (this.#open.size === 0) {
      callback();
    } else {
      this.#onIdle = callback;
    }
  }
}

/** Knows the connection of a socket, so that whoever leaves is noticed, and parse errors find their request. */
export class Connections {
  readonly #bySocket = new WeakMap<Socket, Connection>();

  find(socket: Socket): Connection | null {
    return this.#bySocket.get(socket) ?? null;
  }

  /** Notes that a request arrived on its socket. */
  requestArrived(request: IncomingMessage, exchange: Exchange): void {
    const known = this.#bySocket.get(request.socket);
    if (known === undefined) {
      this.#bySocket.set(request.socket, new Connection(request, exchange));
    } else {
      known.requestArrived(request, exchange);
    }
  }
}
