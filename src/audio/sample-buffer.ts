/** Samples of the audio from one moment on: appended at the end, forgotten at the start. */
export class SampleBuffer {
  #samples: Float32Array = new Float32Array(1 << 16);
  /** Position of the first sample held, counted from the start of the audio. */
  #base = 0;
  #length = 0;

  /** Position behind the last sample. */
  get end(): number {
    return this.#base + this.#length;
  }

  append(samples: Float32Array): void {
    if (this.#length + samples.length > this.#samples.length) {
      const larger = new Float32Array(2 * (this.#length + samples.length));
      larger.set(this.#samples.subarray(0, this.#length));
      this.#samples = larger;
    }
    this.#samples.set(samples, this.#length);
    this.#length += samples.length;
  }

  /** Samples [start, end), which must be held; a view that the next `append` or `forget` may overwrite. */
  view(start: number, end: number): Float32Array {
    return this.#samples.subarray(start - this.#base, end - this.#base);
  }

  /** Nobody will ask for samples before `position`. Does nothing until there is enough to forget to pay for the move. */
  forget(position: number): void {
    const count = Math.min(position - this.#base, this.#length);
    if (count < this.#samples.length / 4) {
      return;
    }
    this.#samples.copyWithin(0, count, this.#length);
    this.#base += count;
    this.#length -= count;
  }
}
