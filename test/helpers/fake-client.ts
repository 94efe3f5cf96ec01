import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A client that sends bytes as they are, well-formed or not, and reads whole responses. */
export class FakeClient implements Disposable {
  readonly socket: Socket;
  #received = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {
      // A reset is what some tests are about: reading ends.
    });
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
  }

  static async connect(port: number): Promise<FakeClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new FakeClient(socket);
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  /** The next response; rejects when the connection ends before it is whole. */
  async response(): Promise<RawResponse> {
    for (;;) {
      const response = this.#take();
      if (response !== null) {
        return response;
      }
      if (this.socket.readableEnded || this.socket.destroyed) {
        throw new Error(`The connection ended within a response, after ${this.#received.length} bytes.`);
      }
      await this.#next("data", "end", "close");
    }
  }

  /** Resolves when the server has closed the connection. */
  async closed(): Promise<void> {
    if (!this.socket.destroyed && !this.socket.readableEnded) {
      await this.#next("end", "close");
    }
  }

  /** Bytes that came and belong to no response read so far. */
  get rest(): string {
    return this.#received.toString();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  async #next(...events: string[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const event of events) {
      this.socket.once(event, () => resolve());
    }
    await promise;
  }

  #take(): RawResponse | null {
    const end = this.#received.indexOf("\r\n\r\n");
    if (end === -1) {
      return null;
    }
    const [statusLine = "", ...lines] = this.#received.subarray(0, end).toString("latin1").split("\r\n");
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    const status = Number(statusLine.split(" ")[1]);
    const length = status === 204 || status === 100 ? 0 : Number(headers.get("content-length") ?? Number.NaN);
    if (this.#received.length < end + 4 + length) {
      return null;
    }
    const body = this.#received.subarray(end + 4, end + 4 + length).toString();
    this.#received = this.#received.subarray(end + 4 + length);
    return { status, headers, body };
  }
}

/** A request to classify as bytes. */
export function classifyBytes(body: unknown = classifyBody(), headers: readonly string[] = []): string {
  const json = typeof body === "string" ? body : JSON.stringify(body);
  return [
    "POST /v1/classify HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(json)}`,
    ...headers,
    "",
    json,
  ].join("\r\n");
}

export function classifyBody(...texts: string[]): { inputs: { classificationInputs: string[] } } {
  return { inputs: { classificationInputs: texts.length === 0 ? ["Bonjour"] : texts } };
}
