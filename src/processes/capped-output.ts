import type { Readable } from "node:stream";

/** Reads a stream to its end, so that its writer never blocks, and keeps the first part only. */
export class CappedOutput {
  /** Resolves when all was read. */
  readonly ended: Promise<void>;
  #text = "";

  /** @param onText sees all of the text, in pieces. */
  constructor(stream: Readable, maxCharacters: number, onText: (text: string) => void = () => {}) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    stream.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text.slice(0, maxCharacters - this.#text.length);
      onText(text);
    });
    stream.once("close", resolve);
  }

  get text(): string {
    return this.#text;
  }
}
