/**
 * The discrete Fourier transform of one sequence, in place: X[k] = Σ x[n]·e^(∓2πi·nk/N). Lengths that are powers of two are
 * halved (Cooley and Tukey, 1965); others are convolutions with a chirp of such a length (Bluestein, 1970).
 */

/** Real and imaginary parts, of equal length. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export const complex = (length: number): Complex => ({
  re: new Float64Array(length),
  im: new Float64Array(length),
});

/** A transform of one length; the inverse is not divided by it. */
export type Transform = (x: Complex, inverse: boolean) => void;

export const transformOf = (length: number): Transform => {
  if (length <= 1) return () => {};
  return (length & (length - 1)) === 0 ? halving(length) : chirped(length);
};

function halving(length: number): Transform {
  const [cos, sin] = [new Float64Array(length / 2), new Float64Array(length / 2)];
  for (let i = 0; i < length / 2; i++) {
    cos[i] = Math.cos((2 * Math.PI * i) / length);
    sin[i] = Math.sin((2 * Math.PI * i) / length);
  }
  const bits = Math.log2(length);
  const order = new Uint32Array(length);
  for (let i = 1; i < length; i++) order[i] = (order[i >> 1]! >> 1) | ((i & 1) << (bits - 1));
  return ({ re, im }, inverse) => {
    for (let i = 0; i < length; i++) {
      const j = order[i]!;
      if (j <= i) continue;
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
    const sign = inverse ? 1 : -1;
    for (let half = 1; half < length; half *= 2) {
      const step = length / (2 * half);
      for (let block = 0; block < length; block += 2 * half)
        for (let i = 0; i < half; i++) {
          const [c, s] = [cos[i * step]!, sign * sin[i * step]!];
          const [a, b] = [block + i, block + i + half];
          const real = re[b]! * c - im[b]! * s;
          const imaginary = re[b]! * s + im[b]! * c;
          re[b] = re[a]! - real;
          im[b] = im[a]! - imaginary;
          re[a]! += real;
          im[a]! += imaginary;
        }
    }
  };
}

function chirped(length: number): Transform {
  const size = 2 ** Math.ceil(Math.log2(2 * length - 1));
  const inner = halving(size);
  const chirp = complex(length);
  const kernel = complex(size);
  for (let i = 0; i < length; i++) {
    // i² modulo 2N, so that the angle stays exact for large i.
    const angle = (Math.PI * ((i * i) % (2 * length))) / length;
    chirp.re[i] = Math.cos(angle);
    chirp.im[i] = -Math.sin(angle);
    for (const at of i === 0 ? [0] : [i, size - i]) {
      kernel.re[at] = chirp.re[i]!;
      kernel.im[at] = -chirp.im[i]!;
    }
  }
  inner(kernel, false);
  const work = complex(size);
  return ({ re, im }, inverse) => {
    // The inverse is the transform of the conjugate, conjugated.
    const sign = inverse ? -1 : 1;
    work.re.fill(0);
    work.im.fill(0);
    for (let i = 0; i < length; i++) {
      work.re[i] = re[i]! * chirp.re[i]! - sign * im[i]! * chirp.im[i]!;
      work.im[i] = re[i]! * chirp.im[i]! + sign * im[i]! * chirp.re[i]!;
    }
    inner(work, false);
    for (let i = 0; i < size; i++) {
      const real = work.re[i]! * kernel.re[i]! - work.im[i]! * kernel.im[i]!;
      work.im[i] = work.re[i]! * kernel.im[i]! + work.im[i]! * kernel.re[i]!;
      work.re[i] = real;
    }
    inner(work, true);
    for (let i = 0; i < length; i++) {
      const [real, imaginary] = [work.re[i]! / size, work.im[i]! / size];
      re[i] = real * chirp.re[i]! - imaginary * chirp.im[i]!;
      im[i] = sign * (real * chirp.im[i]! + imaginary * chirp.re[i]!);
    }
  };
}
