import type { Decoder } from "../../src/inference/generation/decoder.ts";

/** Ids from 0 up that the fakes know. */
export const fakeVocabulary = 20;

/** A decoder that expects whatever `next` makes of all tokens fed so far. */
export class FakeDecoder implements Decoder {
  readonly fed: number[] = [];
  readonly #next: (fed: readonly number[]) => Float32Array;

  constructor(next: (fed: readonly number[]) => Float32Array) {
    this.#next = next;
  }

  feed(tokenIds: readonly number[]): Promise<Float32Array[]> {
    return Promise.resolve(
      tokenIds.map((tokenId) => {
        this.fed.push(tokenId);
        return this.#next(this.fed);
      }),
    );
  }
}

/** Logits of a model that is sure of one token. */
export function sureOf(tokenId: number): Float32Array {
  const logits = new Float32Array(fakeVocabulary);
  logits[tokenId] = 30;
  return logits;
}
