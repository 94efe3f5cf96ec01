/** A model in the middle of one sequence of tokens: it knows what it was fed. */
export interface Decoder {
  /**
   * Feeds the next tokens and gives a row of logits for each of them: what the model expects after it. The rows are the
   * caller's, who may overwrite them.
   */
  feed(tokenIds: readonly number[]): Promise<Float32Array[]>;
}
