import type { IncomingMessage, Server, ServerResponse } from "node:http";

/** Clients that send "Expect: 100-continue" and hold their body back until they are asked for it. */
export class ExpectContinue {
  readonly #waiting = new WeakMap<IncomingMessage, ServerResponse>();

  constructor(server: Server) {
    server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      // Asked for once the headers were found good, so that a refused client never sends its body.
      this.#waiting.set(request, response);
      server.emit("request", request, response);
    });
    server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
      // Servers may ignore expectations that they do not know (RFC 9110, section 10.1.1).
      server.emit("request", request, response);
    });
  }

  /** Asks for the body, if the client waits for that. Called right before it is read. */
  askForBody(request: IncomingMessage): void {
    this.#waiting.get(request)?.writeContinue();
  }
}
