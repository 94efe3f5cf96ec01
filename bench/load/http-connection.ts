import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  /** Seconds of the `Retry-After` header; NaN without one. */
  readonly retryAfterSeconds: number;
  readonly body: Buffer;
}

/**
 * One keep-alive connection to 127.0.0.1 that carries one request at a time and opens again when the server closed it.
 *
 * It knows just enough HTTP/1.1 for the servers measured here (answers with `Content-Length`) and so costs a fraction
 * of a general client: a client that shares cores with the server must not be what is measured.
 */
export class HttpConnection {
  readonly #port: number;
  readonly #localAddress: string | undefined;
  #socket: Socket | null = null;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | null = null;

  /** @param localAddress to send from; the system's choice when absent. */
  constructor(port: number, localAddress?: string) {
    this.#port = port;
    this.#localAddress = localAddress;
  }

  /** @throws Error when the connection fails before the answer is complete. */
  send(request: Buffer): Promise<Answer> {
    if (this.#waiting !== null) {
      return Promise.reject(new Error("a request is in flight on this connection"));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting = { resolve, reject };
    this.#socket ??= this.#connect();
    this.#socket.write(request);
    return promise;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
    this.#fail(new Error("the connection was closed by this side"));
  }

  #connect(): Socket {
    const from = this.#localAddress === undefined ? {} : { localAddress: this.#localAddress };
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true, ...from });
    this.#received = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      if (socket === this.#socket) {
        this.#receive(chunk);
      }
    });
    const onEnd = (error?: Error): void => {
      if (socket === this.#socket) {
        this.#socket = null;
        socket.destroy();
        this.#fail(error ?? new Error("the server closed the connection"));
      }
    };
    socket.on("error", onEnd);
    socket.on("end", () => onEnd());
    socket.on("close", () => onEnd());
    return socket;
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headLength = this.#received.indexOf("\r\n\r\n");
    if (headLength === -1) {
      return;
    }
    const head = this.#received.toString("latin1", 0, headLength);
    const bodyLength = headerNumber(head, contentLength);
    if (Number.isNaN(bodyLength)) {
      this.#socket?.destroy(new Error("an answer without Content-Length"));
      return;
    }
    const end = headLength + 4 + bodyLength;
    if (this.#received.length < end) {
      return;
    }
    const body = this.#received.subarray(headLength + 4, end);
    this.#received = this.#received.subarray(end);
    if (closesConnection(head)) {
      this.#socket?.destroy();
      this.#socket = null;
    }
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve({ status: Number(head.slice(9, 12)), retryAfterSeconds: headerNumber(head, retryAfter), body });
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }
}

const contentLength = /\r\ncontent-length: *(\d+)/i;
const retryAfter = /\r\nretry-after: *(\d+)/i;

function headerNumber(head: string, header: RegExp): number {
  return Number(header.exec(head)?.[1] ?? Number.NaN);
}

/** HTTP/1.0 closes unless it says otherwise, HTTP/1.1 the other way round. */
function closesConnection(head: string): boolean {
  return head.startsWith("HTTP/1.0")
    ? !/\r\nconnection: *keep-alive/i.test(head)
    : /\r\nconnection: *close/i.test(head);
}
