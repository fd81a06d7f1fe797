import assert from 'node:assert/strict';
import { castTypes } from '../../runtime/kernels/functions.ts';
import { type Elements, eachVariant, seeded } from './kernel-harness.ts';

type CastType = (typeof castTypes)[number];

const arrays = {
  float32: Float32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
  float16: Uint16Array,
};

const bits: Partial<Record<CastType, number>> = { int32: 32, int64: 64, uint8: 8, int8: 8 };

const halfToNumber = (half: number): number => {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
};

/** The half nearest to a number, of two the even one: by search, as the halves are in order. */
const numberToHalf = (x: number): number => {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const a = Math.abs(x);
  if (a >= 65520) return sign | 0x7c00;
  let low = 0;
  for (let step = 0x4000; step > 0; step >>= 1)
    if (low + step <= 0x7bff && halfToNumber(low + step) <= a) low += step;
  // The distance to 65536, which would come next, decides at the upper end.
  const next = low === 0x7bff ? 65536 : halfToNumber(low + 1);
  const [below, above] = [a - halfToNumber(low), next - a];
  return sign | (above < below || (above === below && low % 2 === 1) ? low + 1 : low);
};

const elementOf = (array: Elements, type: CastType, i: number): number | bigint =>
  type === 'float16' ? halfToNumber(Number(array[i])) : array[i]!;

/** What the element becomes, in the representation of `to`. */
const convert = (value: number | bigint, from: CastType, to: CastType): number | bigint => {
  if (to === 'bool') return Number(value) === 0 ? 0 : 1;
  if (to === 'float32') return Math.fround(Number(value));
  if (to === 'float16') return numberToHalf(Number(value));
  const width = bits[to]!;
  const signed = to !== 'uint8';
  let whole: bigint;
  if (from === 'float32' || from === 'float16') {
    const [low, high] = signed
      ? [-(2n ** BigInt(width - 1)), 2n ** BigInt(width - 1) - 1n]
      : [0n, 2n ** BigInt(width) - 1n];
    const x = Number(value);
    if (Number.isNaN(x)) whole = 0n;
    else whole = x <= Number(low) ? low : x >= Number(high) ? high : BigInt(Math.trunc(x));
  } else {
    whole = signed ? BigInt.asIntN(width, BigInt(value)) : BigInt.asUintN(width, BigInt(value));
  }
  return to === 'int64' ? whole : Number(whole);
};

const numbers = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.99,
  -1.99,
  127,
  128,
  -128,
  -129,
  254.9,
  255,
  256,
  300,
  -300,
  65503,
  65504,
  65519,
  65520,
  65536,
  -70000,
  2147483520,
  2147483648,
  -2147483648,
  -2147483904,
  9.2e18,
  9.3e18,
  -9.3e18,
  1e30,
  -1e30,
  2 ** -14,
  2 ** -15,
  2 ** -24,
  2 ** -25,
  1.5 * 2 ** -25,
  2.5 * 2 ** -24,
  3.5 * 2 ** -24,
  1023.5 * 2 ** -24,
  1 + 2 ** -11,
  1 + 3 * 2 ** -11,
  1e-40,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
];
const integers = [
  0,
  1,
  -1,
  127,
  128,
  255,
  256,
  -129,
  65519,
  65520,
  2049,
  2051,
  16777217,
  2 ** 31 - 1,
  -(2 ** 31),
];
const bigs = [2n ** 31n, -(2n ** 31n) - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 40n + 200n];

const sources: Record<CastType, Elements> = {
  float32: Float32Array.from([...numbers, ...seeded(500, 5, -400, 400), ...seeded(300, 6, -7e4, 7e4)]),
  int32: Int32Array.from([...integers, ...seeded(40, 7, -(2 ** 31), 2 ** 31)]),
  int64: BigInt64Array.from([...integers.map(BigInt), ...bigs]),
  uint8: Uint8Array.from({ length: 256 }, (_, i) => i),
  int8: Int8Array.from({ length: 256 }, (_, i) => i),
  bool: Uint8Array.of(0, 1, 1, 0, 1),
  float16: Uint16Array.from({ length: 65536 }, (_, i) => i),
};

eachVariant((kernels) => {
  describe('cast', () => {
    for (const from of castTypes)
      for (const to of castTypes)
        it(`${from} to ${to}`, () => {
          const x = sources[from];
          const params = { count: x.length, from, to };
          const y = kernels.run('cast', { y: new arrays[to](x.length), x }, params);
          for (let i = 0; i < x.length; i++) {
            const expected = convert(elementOf(x, from, i), from, to);
            const actual = y[i]!;
            const nan = to === 'float16' && Number(expected) === 0x7e00;
            const same = nan ? Number.isNaN(halfToNumber(Number(actual))) : Object.is(actual, expected);
            assert.ok(same, `${x[i]} became ${actual}, expected ${expected}`);
          }
        });
  });
});
