/** Elements as elements of another type. */
import { type CastType, castTypes } from '../../../runtime/kernels/functions.ts';
import { type Tensor, zeros } from '../../ir/tensor.ts';
import { type DType, dtypes, elementCount, formatType, isFloat, type TensorType } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { bigsOf, isBig, numbersFor, numbersOf, tensorOf } from '../reference/elements.ts';

const bounds: Partial<Record<DType, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};

/** A finite number, NaN or infinity as a 64-bit integer. */
function toBig(value: number, dtype: DType): bigint {
  if (Number.isNaN(value)) return 0n;
  const [low, high] = dtype === 'int64' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  if (value <= Number(low)) return low;
  return value >= Number(high) ? high : BigInt(Math.trunc(value));
}

/** To a dtype that is not 64-bit integer, from numbers. */
function convertNumber(from: DType, to: DType): (x: number) => number {
  if (to === 'bool') return (x) => (x === 0 ? 0 : 1);
  const range = bounds[to];
  if (range === undefined || !isFloat(from)) return (x) => x;
  const [low, high] = range;
  return (x) => (Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, low), high)));
}

export function castTensor(x: Tensor, to: DType): Tensor {
  const from = x.type.dtype;
  const type = { dtype: to, shape: x.type.shape };
  if (from === to) return x;
  if (isBig(to)) {
    const y = zeros(type);
    const { data } = isBig(from) ? x : { data: numbersOf(x) };
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      y.data[i] = typeof value === 'bigint' ? value : toBig(value, to);
    }
    return y;
  }
  const y = numbersFor(type);
  if (isBig(from)) {
    const data = bigsOf(x);
    const wraps = to in bounds;
    for (let i = 0; i < y.length; i++)
      y[i] = to === 'bool' ? Number(data[i] !== 0n) : Number(wraps ? BigInt.asIntN(32, data[i]!) : data[i]!);
  } else {
    const data = numbersOf(x);
    // Floats become each other by being stored; widened float16 are an array of their own already.
    if (to === 'float32' && from === 'float16') return { type, data };
    const convert = convertNumber(from, to);
    if (isFloat(from) && isFloat(to)) y.set(data);
    else for (let i = 0; i < y.length; i++) y[i] = convert(data[i]!);
  }
  return tensorOf(type, y);
}

/** The dtype as the kernel knows it, if it does. */
const castTypeOf = (dtype: DType): CastType | undefined => castTypes.find((type) => type === dtype);

/**
 * Conversion to another dtype: floating point to integer truncates towards zero and saturates (NaN: 0), integer to a
 * narrower integer wraps around, to bool is 1 where not zero.
 */
export const cast = /* @__PURE__ */ defineOp({
  name: 'cast',
  inputs: ['x'],
  attrs: { to: 'float32' },
  required: ['to'],
  traits: {
    elementwise: true,
    permute: permuteElementwise,
    forwards: (_attrs, [x], [y]) => (x!.dtype === y!.dtype ? 0 : null),
  },
  infer(inputs, { to }) {
    const dtype = dtypes.find((name) => name === to);
    if (dtype === undefined) throw shapeError('cast', dtypes.join(', '), to);
    return [{ dtype, shape: required(inputs, 0, 'x').shape }];
  },
  evaluate: ([x], _attrs, [type]) => [castTensor(x!, type!.dtype)],
  lower({ inputs, outputs }) {
    const [from, to] = [castTypeOf(inputs[0]!.dtype), castTypeOf(outputs[0]!.dtype)];
    if (from === undefined || to === undefined) return null;
    const params = { count: elementCount(outputs[0]!.shape), from, to };
    return { calls: [call('cast', { y: { output: 0 }, x: { input: 0 } }, params)], weights: [], scratch: [] };
  },
  cost: elementwiseCost,
});

function widen(bits: Tensor, type: TensorType): Tensor {
  const y = zeros(type);
  const words = new Uint32Array(y.data.buffer);
  const x = bits.data as Uint16Array;
  for (let i = 0; i < x.length; i++) words[i] = x[i]! << 16;
  return y;
}

/**
 * bfloat16 to float32. The sixteen bits of a bfloat16 are the upper half of a float32, so widening is exact. The graph
 * has no such dtype: weights stored in it are recipes, this op over their bits as uint16.
 */
export const fromBfloat16 = /* @__PURE__ */ defineOp({
  name: 'fromBfloat16',
  inputs: ['bits'],
  attrs: {},
  traits: { elementwise: true, permute: permuteElementwise },
  infer(inputs) {
    const bits = required(inputs, 0, 'bits');
    if (bits.dtype !== 'uint16') throw shapeError('fromBfloat16', 'uint16', formatType(bits));
    return [{ dtype: 'float32', shape: bits.shape }];
  },
  evaluate: ([bits], _attrs, [type]) => [widen(bits!, type!)],
  host: 'is part of the recipes of weights, and of nothing else',
  cost: elementwiseCost,
});
