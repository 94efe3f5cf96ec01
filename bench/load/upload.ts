import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";

export interface UploadSettings {
  readonly port: number;
  /** With its query. */
  readonly path: string;
  /** Sent as fast as the server takes it; one with pauses sets its own pace. */
  readonly content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds after which the request is given up. */
  readonly timeoutMs?: number;
  /** Each part of the answer, when it arrives. */
  readonly onText?: (text: string) => void;
}

export interface UploadAnswer {
  readonly status: number;
  readonly body: string;
  /** From the start to the last byte received. */
  readonly totalMs: number;
  /** From the start to the last byte sent; null when the server refused before that. */
  readonly sentMs: number | null;
}

/**
 * Posts a body of unknown length. Once the server refuses it, the rest is not sent.
 * @throws Error when the connection fails before the answer is complete, or when it takes too long.
 */
export async function upload(settings: UploadSettings): Promise<UploadAnswer> {
  const { port, path, headers = {}, timeoutMs = 600_000 } = settings;
  const startedAt = performance.now();
  const outgoing = request({
    host: "127.0.0.1",
    port,
    path,
    method: "POST",
    agent: false,
    headers: { "content-type": "application/octet-stream", ...headers },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const ended = new AbortController();
  const answer = receive(outgoing, () => ended.abort(), settings.onText);
  const sent = send(outgoing, settings.content, ended.signal).then((isComplete) =>
    isComplete ? performance.now() - startedAt : null,
  );
  try {
    const { status, body } = await answer;
    const totalMs = performance.now() - startedAt;
    ended.abort();
    return { status, body, totalMs, sentMs: await sent };
  } finally {
    ended.abort();
    outgoing.destroy();
    await sent;
  }
}

/** Resolves with whether everything was sent. */
async function send(
  outgoing: ClientRequest,
  content: UploadSettings["content"],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for await (const piece of content) {
      if (signal.aborted) {
        return false;
      }
      if (!outgoing.write(piece)) {
        await once(outgoing, "drain", { signal });
      }
    }
  } catch {
    // Either the signal, or a connection that failed: whoever waits for the answer hears of it.
    return false;
  }
  outgoing.end();
  return true;
}

function receive(
  outgoing: ClientRequest,
  onRefusal: () => void,
  onText: (text: string) => void = () => {},
): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly body: string }>();
  let isAnswered = false;
  outgoing.on("error", (error) => {
    // A server that has answered may close while bytes are still on their way to it.
    if (!isAnswered) {
      reject(error);
    }
  });
  outgoing.once("response", (incoming: IncomingMessage) => {
    isAnswered = true;
    const status = incoming.statusCode ?? 0;
    if (status >= 400) {
      onRefusal();
    }
    let body = "";
    incoming.setEncoding("utf8");
    incoming.on("data", (text: string) => {
      body += text;
      onText(text);
    });
    incoming.once("end", () => resolve({ status, body }));
    incoming.once("error", reject);
    incoming.once("close", () => reject(new Error("the connection closed before the answer was complete")));
  });
  return promise;
}
