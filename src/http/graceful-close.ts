import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { ServiceError } from "../errors.ts";
import type { Connections } from "./connections.ts";

/**
 * Lets a closing server go of its connections as soon as nothing is under way on them.
 *
 * Node's `close` leaves connections alone on which no request, or part of one, has arrived, and no longer enforces the
 * time limits of those: one silent client would keep the server open.
 */
export class GracefulClose {
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #arrivalLimitMs: number;
  /** Every open connection, with the requests and answers under way on it. */
  readonly #underWay = new Map<Socket, number>();
  #isClosing = false;

  /** `arrivalLimitMs`: how long a closing server waits for the rest of a request, in milliseconds. */
  constructor(server: Server, connections: Connections, arrivalLimitMs: number) {
    this.#server = server;
    this.#connections = connections;
    this.#arrivalLimitMs = arrivalLimitMs;
    server.on("connection", (socket) => this.#opened(socket));
    server.prependListener("request", (request, response) => this.#requestArrived(request, response));
  }

  /**
   * Closes the connections on which nothing is under way now, and the others once their answers have left. Requests
   * that do not arrive in time are answered with `draining`.
   */
  begin(): void {
    this.#isClosing = true;
    for (const socket of this.#underWay.keys()) {
      this.#closeIfIdle(socket);
    }
    const timer = setTimeout(() => this.#giveUpArrivals(), this.#arrivalLimitMs).unref();
    this.#server.once("close", () => clearTimeout(timer));
  }

  #opened(socket: Socket): void {
    this.#underWay.set(socket, 0);
    socket.once("close", () => this.#underWay.delete(socket));
    this.#closeIfIdle(socket);
  }

  /** A request ends when its body was read, even when its answer has left before. */
  #requestArrived(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#change(socket, 2);
    for (const stream of [request, response]) {
      stream.once("close", () => {
        this.#change(socket, -1);
        this.#closeIfIdle(socket);
      });
    }
  }

  #change(socket: Socket, difference: number): void {
    const count = this.#underWay.get(socket);
    if (count !== undefined) {
      this.#underWay.set(socket, count + difference);
    }
  }

  #closeIfIdle(socket: Socket): void {
    if (this.#isClosing && this.#underWay.get(socket) === 0) {
      // What was written still leaves.
      socket.destroySoon();
    }
  }

  /** Its time is over: what is still under way is answered with `draining`. */
  cutOff(): void {
    for (const socket of this.#underWay.keys()) {
      this.#connections.find(socket)?.cutOff(shuttingDown());
    }
  }

  #giveUpArrivals(): void {
    for (const socket of this.#underWay.keys()) {
      this.#connections.find(socket)?.reading?.cannotBeRead(shuttingDown());
    }
  }
}

function shuttingDown(): ServiceError {
  return new ServiceError("draining", "The service is shutting down; try again.");
}
