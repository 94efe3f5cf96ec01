import { speech } from "./fake-audio-uploads.ts";

interface InjectedUpload {
  readonly method: "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** A raw upload, by default of five seconds of speech: three of the fake's windows. */
export function rawUpload(query = "", payload: Buffer = speech(5_000)): InjectedUpload {
  return { method: "POST", url: `/v1/transcribe${query}`, headers: { "content-type": "audio/wav" }, payload };
}

/** A part of a form: a field, or a file with its bytes. */
export type Part = readonly [name: string, value: string | Buffer];

export const boundary = "x-boundary";

/** A form as bytes; a part whose value is bytes is a file. */
export function formBody(...parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(([name, value]) => {
    const file = typeof value === "string" ? "" : '; filename="parole.wav"\r\nContent-Type: audio/wav';
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
    return [Buffer.from(head), Buffer.from(value), Buffer.from("\r\n")];
  });
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

export function formUpload(url: string, ...parts: readonly Part[]): InjectedUpload {
  const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
  return { method: "POST", url, headers, payload: formBody(...parts) };
}

/** The head of a request whose body comes in chunks. */
export function chunkedHead(path: string, ...headers: readonly string[]): string {
  const lines = [`POST ${path} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked", ...headers];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** One chunk of a chunked body. */
export function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

export const lastChunk = "0\r\n\r\n";

/** The body of a response that came in chunks, as far as it came. */
export function dechunked(response: string): string {
  let rest = Buffer.from(response.slice(response.indexOf("\r\n\r\n") + 4));
  const pieces: Buffer[] = [];
  for (;;) {
    const lineEnd = rest.indexOf("\r\n");
    const length = Number.parseInt(rest.subarray(0, Math.max(0, lineEnd)).toString(), 16);
    if (lineEnd === -1 || !(length > 0)) {
      return Buffer.concat(pieces).toString();
    }
    pieces.push(rest.subarray(lineEnd + 2, lineEnd + 2 + length));
    rest = rest.subarray(lineEnd + 2 + length + 2);
  }
}
