/** One pass over interleaved complex numbers: reads `input`, writes `output`, both of the transform's size. */
export type Stage = (input: Float64Array, output: Float64Array) => void;

/**
 * The passes of a complex Fourier transform in Stockham's order: each sorts as it goes, so that no bit reversal is
 * needed.
 * @throws Error when `size` has a prime factor other than 2 and 5.
 */
export function planStages(size: number): readonly Stage[] {
  const stages: Stage[] = [];
  let length = size;
  for (const [radix, createStage] of stageFactories) {
    for (; length % radix === 0; length /= radix) {
      stages.push(createStage({ length, count: length / radix, stride: size / length, twiddles: twiddles(length) }));
    }
  }
  if (length !== 1) {
    throw new Error(`${size} has a prime factor other than 2 and 5`);
  }
  return stages;
}

interface StagePlan {
  /** Length of the transforms that this stage splits, `count` the length of the parts, `stride` their number. */
  readonly length: number;
  readonly count: number;
  readonly stride: number;
  /** exp(-2πi k / length), interleaved. */
  readonly twiddles: Float64Array;
}

const stageFactories: readonly (readonly [radix: number, create: (plan: StagePlan) => Stage])[] = [
  [5, createRadix5],
  [4, createRadix4],
  [2, createRadix2],
];

function twiddles(length: number): Float64Array {
  const factors = new Float64Array(2 * length);
  for (let k = 0; k < length; k++) {
    factors[2 * k] = Math.cos((2 * Math.PI * k) / length);
    factors[2 * k + 1] = -Math.sin((2 * Math.PI * k) / length);
  }
  return factors;
}

// Below, every index is in range by construction: that is what the `!` say.

function createRadix2({ count, stride, twiddles: w }: StagePlan): Stage {
  return (input, output) => {
    for (let p = 0; p < count; p++) {
      const wr = w[2 * p]!;
      const wi = w[2 * p + 1]!;
      for (let q = 0; q < stride; q++) {
        const i = 2 * (q + stride * p);
        const i1 = i + 2 * stride * count;
        const o = 2 * (q + 2 * stride * p);
        const o1 = o + 2 * stride;
        const r = input[i]! - input[i1]!;
        const m = input[i + 1]! - input[i1 + 1]!;
        output[o] = input[i]! + input[i1]!;
        output[o + 1] = input[i + 1]! + input[i1 + 1]!;
        output[o1] = r * wr - m * wi;
        output[o1 + 1] = r * wi + m * wr;
      }
    }
  };
}

function createRadix4({ length, count, stride, twiddles: w }: StagePlan): Stage {
  const step = 2 * stride * count;
  return (input, output) => {
    for (let p = 0; p < count; p++) {
      for (let q = 0; q < stride; q++) {
        const i = 2 * (q + stride * p);
        const ar = input[i]!;
        const ai = input[i + 1]!;
        const br = input[i + step]!;
        const bi = input[i + step + 1]!;
        const cr = input[i + 2 * step]!;
        const ci = input[i + 2 * step + 1]!;
        const dr = input[i + 3 * step]!;
        const di = input[i + 3 * step + 1]!;
        const o = 2 * (q + 4 * stride * p);
        output[o] = ar + cr + (br + dr);
        output[o + 1] = ai + ci + (bi + di);
        multiply(output, o + 2 * stride, ar - cr + (bi - di), ai - ci - (br - dr), w, p % length);
        multiply(output, o + 4 * stride, ar + cr - (br + dr), ai + ci - (bi + di), w, (2 * p) % length);
        multiply(output, o + 6 * stride, ar - cr - (bi - di), ai - ci + (br - dr), w, (3 * p) % length);
      }
    }
  };
}

const cos1 = Math.cos((2 * Math.PI) / 5);
const cos2 = Math.cos((4 * Math.PI) / 5);
const sin1 = Math.sin((2 * Math.PI) / 5);
const sin2 = Math.sin((4 * Math.PI) / 5);

function createRadix5({ length, count, stride, twiddles: w }: StagePlan): Stage {
  const step = 2 * stride * count;
  return (input, output) => {
    for (let p = 0; p < count; p++) {
      for (let q = 0; q < stride; q++) {
        const i = 2 * (q + stride * p);
        const i1 = i + step;
        const i2 = i1 + step;
        const i3 = i2 + step;
        const i4 = i3 + step;
        const ar = input[i]!;
        const ai = input[i + 1]!;
        // Inputs k and 5 - k meet the same cosine and opposite sines.
        const s1r = input[i1]! + input[i4]!;
        const s1i = input[i1 + 1]! + input[i4 + 1]!;
        const s2r = input[i2]! + input[i3]!;
        const s2i = input[i2 + 1]! + input[i3 + 1]!;
        const d1r = input[i1]! - input[i4]!;
        const d1i = input[i1 + 1]! - input[i4 + 1]!;
        const d2r = input[i2]! - input[i3]!;
        const d2i = input[i2 + 1]! - input[i3 + 1]!;
        const e1r = ar + cos1 * s1r + cos2 * s2r;
        const e1i = ai + cos1 * s1i + cos2 * s2i;
        const e2r = ar + cos2 * s1r + cos1 * s2r;
        const e2i = ai + cos2 * s1i + cos1 * s2i;
        const f1r = sin1 * d1i + sin2 * d2i;
        const f1i = -sin1 * d1r - sin2 * d2r;
        const f2r = sin2 * d1i - sin1 * d2i;
        const f2i = -sin2 * d1r + sin1 * d2r;
        const o = 2 * (q + 5 * stride * p);
        output[o] = ar + s1r + s2r;
        output[o + 1] = ai + s1i + s2i;
        multiply(output, o + 2 * stride, e1r + f1r, e1i + f1i, w, p % length);
        multiply(output, o + 4 * stride, e2r + f2r, e2i + f2i, w, (2 * p) % length);
        multiply(output, o + 6 * stride, e2r - f2r, e2i - f2i, w, (3 * p) % length);
        multiply(output, o + 8 * stride, e1r - f1r, e1i - f1i, w, (4 * p) % length);
      }
    }
  };
}

/** Writes (real + i·imaginary) · w(k) at `at`. */
function multiply(output: Float64Array, at: number, real: number, imaginary: number, w: Float64Array, k: number): void {
  const wr = w[2 * k]!;
  const wi = w[2 * k + 1]!;
  output[at] = real * wr - imaginary * wi;
  output[at + 1] = real * wi + imaginary * wr;
}
