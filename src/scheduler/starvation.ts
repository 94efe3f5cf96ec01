import type { InferenceProcess } from "../processes/inference-process.ts";

/** Single windows, one after another, for which an instance has too little memory until it is replaced. */
const mostStarvedRuns = 3;

/** After a replacement for windows of some length, only windows of up to this share of it speak against a process. */
const shareThatCounts = 1 / 2;

/**
 * Tells when an instance is to be replaced because it lacks memory for single windows: its memory is in pieces, or ONNX
 * Runtime takes the error of a lost device for a lack of memory. Where the device just has no room for windows of that
 * length, a successor cures nothing: so none is replaced again for such until one of them was computed. Else a client
 * that sends nothing but windows too large would end sound processes for ever.
 */
export class Starvation {
  /** Since the last result of each: how many runs, and the shortest of their windows. */
  readonly #starved = new WeakMap<InferenceProcess, { readonly runs: number; readonly shortest: number }>();
  /** An instance was replaced for windows of this length, and none so long was computed since. */
  #replacedFor = Number.POSITIVE_INFINITY;

  /** An instance had too little memory for a window of this length alone. Returns whether it is to be replaced. */
  ranOut(instance: InferenceProcess, length: number): boolean {
    if (length > shareThatCounts * this.#replacedFor) {
      return false;
    }
    const { runs, shortest } = this.#starved.get(instance) ?? { runs: 0, shortest: length };
    const starved = { runs: runs + 1, shortest: Math.min(shortest, length) };
    this.#starved.set(instance, starved);
    if (starved.runs < mostStarvedRuns) {
      return false;
    }
    this.#replacedFor = starved.shortest;
    return true;
  }

  /** An instance computed windows of which the longest has this length. */
  ranWell(instance: InferenceProcess, longest: number): void {
    this.#starved.delete(instance);
    if (longest >= this.#replacedFor) {
      this.#replacedFor = Number.POSITIVE_INFINITY;
    }
  }
}
