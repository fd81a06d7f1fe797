/**
 * The generator behind `random` recipes. It is counter-based: element i is a pure function of (seed, i), so any slice
 * can be made alone and in any order. Element i hashes to h, 32 bits, and to u = (h + ½) / 2³² in (0, 1):
 *
 *   uniform  mean + scale · (2u − 1)
 *   normal   mean + scale · Φ⁻¹(u), by Acklam's rational approximation (relative error 1.2e-9)
 *
 * The hash is the two-multiply mixer "lowbias32" (C. Wellons, "Prospecting for hash functions", 2018) over a Weyl
 * sequence, keyed at two places by the seed. Only +, −, ×, /, √ and integer operations are used: they are exact
 * or correctly rounded everywhere, while `Math.log` and `Math.cos` differ between engines, and a bundle built
 * anywhere must have the same bytes.
 */
import type { RandomConstant } from '../../ir/constant.ts';
import type { TypedArray } from '../../ir/tensor.ts';
import type { DType } from '../../ir/types.ts';
import { storedElement } from '../reference/elements.ts';

const WORDS = 2 ** 32;

function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** Writes elements first … first + count of the stream to target[at …]. */
export function fillRandom(
  { distribution, seed, mean, scale }: RandomConstant,
  dtype: DType,
  first: number,
  target: TypedArray,
  at: number,
  count: number,
): void {
  // float32 and float64 arrays round by themselves; the loop is the same code for both.
  const direct = dtype === 'float32' || dtype === 'float64';
  const out = direct ? (target as Float32Array) : new Float64Array(count);
  const start = direct ? at : 0;
  for (let done = 0; done < count; ) {
    // Within one block of 2^32 elements the low word of the index is the counter, the high word part of the key.
    const high = Math.floor((first + done) / WORDS);
    const low = first + done - high * WORDS;
    const end = Math.min(count, done + WORDS - low);
    const key = mix(mix(seed) + high);
    const inner = mix(key ^ 0x2545f491);
    for (let counter = low; done < end; done++, counter++) {
      let h = (Math.imul(counter, 0x9e3779b9) + key) | 0;
      h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
      h = Math.imul(h ^ (h >>> 15) ^ inner, 0x846ca68b);
      h = (h ^ (h >>> 16)) >>> 0;
      out[start + done] =
        mean + scale * (distribution === 'normal' ? normalOf(h) : (h + 0.5) / (WORDS / 2) - 1);
    }
  }
  if (!direct) for (let i = 0; i < count; i++) target[at + i] = storedElement(dtype, out[i]!);
}

/** Where Acklam's middle approximation ends, in units of 2^-32: p = 0.02425. */
const TAIL = Math.floor(0.02425 * WORDS);

/** Φ⁻¹((h + ½) / 2³²). */
function normalOf(h: number): number {
  if (h < TAIL) return tail(h);
  if (h > WORDS - 1 - TAIL) return -tail(WORDS - 1 - h);
  const q = (h + 0.5) / WORDS - 0.5;
  const r = q * q;
  const a =
    ((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
    2.506628277459239;
  const b =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
    1;
  return (a * q) / b;
}

function tail(h: number): number {
  const q = Math.sqrt(-2 * logOf((h + 0.5) / WORDS));
  const c =
    ((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
      q +
      4.374664141464968) *
      q +
    2.938163982698783;
  const d =
    (((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q +
    1;
  return c / d;
}

/** ln p for 0 < p < 1: the power of two apart, then ln m = 2 artanh((m − 1) / (m + 1)) with m in [½, 1). */
function logOf(p: number): number {
  let exponent = 0;
  for (; p < 0.5; p *= 2) exponent--;
  const s = (p - 1) / (p + 1);
  const square = s * s;
  let sum = 0;
  for (let n = 21; n >= 1; n -= 2) sum = sum * square + 1 / n;
  return 2 * s * sum + exponent * Math.LN2;
}
