/**
 * Floats as integers of few bits, and back: q = round(x / scale) + zero, x = (q − zero) · scale. Scale and zero are
 * float32 and broadcast to x: one for the tensor, one for each channel, or one for each block. (ONNX QuantizeLinear-23)
 */
import { type DType, formatType, sameShape, type TensorType } from '../../ir/types.ts';
import { defineComposed } from '../define/composed.ts';
import { required, shapeError } from '../define/op.ts';
import { clip } from '../elementwise/activations.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { cast } from '../elementwise/cast.ts';
import { broadcastShapes } from '../lowering/strides.ts';

/** The range of the types that hold quantised numbers. */
const ranges: ReadonlyMap<string, readonly [low: number, high: number]> = new Map([
  ['int8', [-128, 127]],
  ['uint8', [0, 255]],
  ['int16', [-(2 ** 15), 2 ** 15 - 1]],
  ['uint16', [0, 2 ** 16 - 1]],
] satisfies [DType, [number, number]][]);

/**
 * A float32 of this size has a last place of 1. To add it and to take it off again rounds to an integer, ties to even, for
 * every number of less than a quarter of it.
 */
const ROUNDING = 1.5 * 2 ** 23;
/** No type above reaches as far, from any zero. */
const BEYOND = 2 ** 21;

/** Scale and zero must be float32 that broadcast to x. */
function checkParameters(x: TensorType, inputs: readonly (TensorType | null)[]): void {
  for (const [index, name] of [[1, 'scale'] as const, [2, 'zero'] as const]) {
    const type = inputs[index];
    if (!type) continue;
    if (type.dtype !== 'float32' || !sameShape(broadcastShapes(x.shape, type.shape), x.shape))
      throw shapeError(`input ${name}`, `float32 that broadcasts to ${formatType(x)}`, formatType(type));
  }
}

export const quantize = /* @__PURE__ */ defineComposed({
  name: 'quantize',
  inputs: ['x', 'scale', 'zero?'],
  attrs: { to: 'uint8' },
  required: ['to'],
  traits: { elementwise: true },
  check(inputs, { to }) {
    const x = required(inputs, 0, 'x');
    if (x.dtype !== 'float32') throw shapeError('input x', 'float32', formatType(x));
    required(inputs, 1, 'scale');
    checkParameters(x, inputs);
    if (!ranges.has(to)) throw shapeError('quantize', [...ranges.keys()].join(', '), to);
  },
  decompose(make, [x, scale, zero], { to }) {
    const [low, high] = ranges.get(to)!;
    const shift = make.splat({ dtype: 'float32', shape: [] }, ROUNDING);
    const divided = make.node(clip, [make.node(div, [x!, scale!])], { min: -BEYOND, max: BEYOND });
    // The bound, which never holds, keeps what folds sums from adding and taking off at once, which would not round.
    const added = make.node(clip, [make.node(add, [divided, shift])], { min: 0, max: 2 * ROUNDING });
    const rounded = make.node(sub, [added, shift]);
    const moved = zero ? make.node(add, [rounded, zero]) : rounded;
    return [make.node(cast, [make.node(clip, [moved], { min: low, max: high })], { to })];
  },
});

export const dequantize = /* @__PURE__ */ defineComposed({
  name: 'dequantize',
  inputs: ['x', 'scale', 'zero?'],
  attrs: {},
  traits: { elementwise: true },
  check(inputs) {
    const x = required(inputs, 0, 'x');
    required(inputs, 1, 'scale');
    checkParameters(x, inputs);
  },
  decompose(make, [x, scale, zero]) {
    const wide = make.node(cast, [x!], { to: 'float32' });
    return [make.node(mul, [zero ? make.node(sub, [wide, zero]) : wide, scale!])];
  },
});
