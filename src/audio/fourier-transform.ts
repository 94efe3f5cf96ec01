import { planStages, type Stage } from "./fourier-stages.ts";

/**
 * The discrete Fourier transform of a fixed, even number of real samples by mixed radix: the 400 samples of a speech
 * frame are no power of two. Twiddle factors are computed once, and `powers` allocates nothing.
 */
export class FourierTransform {
  readonly #half: number;
  readonly #stages: readonly Stage[];
  /** Two arrays of interleaved complex numbers, between which the stages alternate. */
  #front: Float64Array;
  #back: Float64Array;
  /** cos and sin of 2πk / size. */
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;

  /** @throws Error when half of `size` has a prime factor other than 2 and 5. */
  constructor(size: number) {
    this.#half = size / 2;
    this.#stages = planStages(this.#half);
    this.#front = new Float64Array(size);
    this.#back = new Float64Array(size);
    this.#cosines = Float64Array.from({ length: this.#half + 1 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sines = Float64Array.from({ length: this.#half + 1 }, (_, k) => Math.sin((2 * Math.PI * k) / size));
  }

  /** Writes |X(k)|² for k = 0 … size / 2 into `powers`; `samples` holds `size` numbers. */
  powers(samples: Float64Array, powers: Float64Array): void {
    // Neighbours are taken as real and imaginary part: half the size, and one step more at the end.
    this.#front.set(samples);
    for (const stage of this.#stages) {
      stage(this.#front, this.#back);
      [this.#front, this.#back] = [this.#back, this.#front];
    }
    this.#separate(powers);
  }

  /** From the transform of even + i·odd samples to the powers of the whole. Every index is in range by construction. */
  #separate(powers: Float64Array): void {
    const z = this.#front;
    for (let k = 0; k <= this.#half; k++) {
      const a = 2 * (k % this.#half);
      const b = 2 * ((this.#half - k) % this.#half);
      const evenReal = (z[a]! + z[b]!) / 2;
      const evenImaginary = (z[a + 1]! - z[b + 1]!) / 2;
      const oddReal = (z[a + 1]! + z[b + 1]!) / 2;
      const oddImaginary = (z[b]! - z[a]!) / 2;
      const cosine = this.#cosines[k]!;
      const sine = this.#sines[k]!;
      const real = evenReal + cosine * oddReal + sine * oddImaginary;
      const imaginary = evenImaginary + cosine * oddImaginary - sine * oddReal;
      powers[k] = real * real + imaginary * imaginary;
    }
  }
}
