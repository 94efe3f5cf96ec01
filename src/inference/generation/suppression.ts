/** Makes tokens impossible: no choice takes a logit of minus infinity. Ids beyond the row have no effect. */
export function suppress(logits: Float32Array, tokenIds: Int32Array): void {
  for (const id of tokenIds) {
    logits[id] = Number.NEGATIVE_INFINITY;
  }
}
