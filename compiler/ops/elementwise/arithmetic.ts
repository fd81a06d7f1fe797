/** Arithmetic of two numbers, and the signs of one. */
import { zeros } from '../../ir/tensor.ts';
import { formatType, isFloat } from '../../ir/types.ts';
import { affineTrait, applied, splatLike } from '../define/affine.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, shapeError } from '../define/op.ts';
import { bigsOf, isBig, numbersFor, numbersOf, tensorOf } from '../reference/elements.ts';
import { defineBinary, forEachPair, inferBroadcast } from './binary.ts';
import { defineFunction } from './functions.ts';
import { defineUnary } from './unary.ts';

/** a + b, broadcast. */
export const add = /* @__PURE__ */ defineBinary({
  name: 'add',
  float: (a, b) => a + b,
  big: (a, b) => a + b,
  traits: {
    addition: true,
    affine: /* @__PURE__ */ affineTrait({
      right: (c) => ({ scale: splatLike(c, 1), shift: c }),
      left: (c) => ({ scale: splatLike(c, 1), shift: c }),
    }),
  },
});

/** a − b, broadcast. */
export const sub = /* @__PURE__ */ defineBinary({
  name: 'sub',
  float: (a, b) => a - b,
  big: (a, b) => a - b,
  traits: {
    affine: /* @__PURE__ */ affineTrait({
      right: (c) => ({ scale: splatLike(c, 1), shift: applied('neg', c) }),
      left: (c) => ({ scale: splatLike(c, -1), shift: c }),
    }),
  },
});

/** a · b, broadcast. */
export const mul = /* @__PURE__ */ defineBinary({
  name: 'mul',
  float: (a, b) => a * b,
  floats(y, a, b, { count, aStep, bStep }, { at, ai, bi }) {
    for (let i = 0; i < count; i++) y[at + i] = a[ai + i * aStep]! * b[bi + i * bStep]!;
  },
  // The product of two 32-bit integers does not fit a number's 53 bits.
  integer: Math.imul,
  big: (a, b) => a * b,
  traits: {
    affine: /* @__PURE__ */ affineTrait({
      right: (c) => ({ scale: c, shift: splatLike(c, 0) }),
      left: (c) => ({ scale: c, shift: splatLike(c, 0) }),
    }),
  },
});

/** a / b, broadcast; of integers the quotient truncated towards zero, 0 where b is 0 (ONNX leaves it undefined). */
export const div = /* @__PURE__ */ defineBinary({
  name: 'div',
  float: (a, b) => a / b,
  integer: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  big: (a, b) => (b === 0n ? 0n : a / b),
  traits: {
    affine: /* @__PURE__ */ affineTrait({
      right: (c) => ({ scale: applied('reciprocal', c), shift: splatLike(c, 0) }),
      left: () => null,
    }),
  },
});

/**
 * Remainder of a / b, broadcast: with the sign of b (as in Python), or with `fmod` that of a (as in C). Of integers
 * by zero it is 0. It serves shape arithmetic and has no kernel.
 */
export const mod = /* @__PURE__ */ defineOp({
  name: 'mod',
  inputs: ['a', 'b'],
  attrs: { fmod: false },
  traits: { elementwise: true, permute: permuteElementwise },
  infer(inputs) {
    const type = inferBroadcast('mod', inputs);
    if (type.dtype === 'bool') throw shapeError('mod of bool', 'a number type', formatType(type));
    return [type];
  },
  evaluate([a, b], { fmod }, [type]) {
    if (isBig(type!.dtype)) {
      const [x, y] = [bigsOf(a!), bigsOf(b!)];
      const result = zeros(type!);
      forEachPair(type!, a!.type, b!.type, (i, ai, bi) => {
        const by = y[bi]!;
        const rest = by === 0n ? 0n : x[ai]! % by;
        result.data[i] = !fmod && rest !== 0n && rest < 0n !== by < 0n ? rest + by : rest;
      });
      return [result];
    }
    const [x, y] = [numbersOf(a!), numbersOf(b!)];
    const result = numbersFor(type!);
    const whole = !isFloat(type!.dtype);
    forEachPair(type!, a!.type, b!.type, (i, ai, bi) => {
      const by = y[bi]!;
      const rest = whole && by === 0 ? 0 : x[ai]! % by;
      result[i] = !fmod && rest !== 0 && rest < 0 !== by < 0 ? rest + by : rest;
    });
    return [tensorOf(type!, result)];
  },
  host: 'serves the arithmetic of shapes, which is done when the model is compiled',
  cost: elementwiseCost,
});

/** −x. */
export const neg = /* @__PURE__ */ defineUnary({
  name: 'neg',
  attrs: {},
  fn: () => ({ fn: 'neg', alpha: 0, beta: 0 }),
  integer: (x) => -x,
});

/** |x|. */
export const abs = /* @__PURE__ */ defineUnary({
  name: 'abs',
  attrs: {},
  fn: () => ({ fn: 'abs', alpha: 0, beta: 0 }),
  integer: (x) => (x < 0n ? -x : x),
});

/** −1, 0 or 1, as x is below, at or above zero. */
export const sign = /* @__PURE__ */ defineFunction('sign', Math.sign, (x) =>
  x > 0n ? 1n : x < 0n ? -1n : 0n,
);
