/** Integers as their bits. */
import { bytesOf, tensorFromBytes, zeros } from '../../ir/tensor.ts';
import { dtypes, elementSize, formatType, isFloat, type TensorType } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { bigsOf, isBig, numbersFor, numbersOf, tensorOf } from '../reference/elements.ts';
import { forEachPair, inferBroadcast } from './binary.ts';

function requireInteger(name: string, type: TensorType): void {
  if (isFloat(type.dtype) || type.dtype === 'bool')
    throw shapeError(`${name} of ${type.dtype}`, 'an integer type', formatType(type));
}

interface BitwiseDefinition<N extends string> {
  readonly name: N;
  /** On integers of up to 32 bits; what is stored wraps around. */
  readonly small: (a: number, b: number) => number;
  readonly big: (a: bigint, b: bigint) => bigint;
}

const defineBitwise = <N extends string>({ name, small, big }: BitwiseDefinition<N>) =>
  defineOp({
    name,
    inputs: ['a', 'b'],
    attrs: {},
    traits: { elementwise: true, permute: permuteElementwise },
    infer(inputs) {
      const type = inferBroadcast(name, inputs);
      requireInteger(name, type);
      return [type];
    },
    evaluate([a, b], _attrs, [type]) {
      if (isBig(type!.dtype)) {
        const [x, y] = [bigsOf(a!), bigsOf(b!)];
        const result = zeros(type!);
        forEachPair(type!, a!.type, b!.type, (i, ai, bi) => {
          result.data[i] = big(x[ai]!, y[bi]!);
        });
        return [result];
      }
      const [x, y] = [numbersOf(a!), numbersOf(b!)];
      const result = numbersFor(type!);
      forEachPair(type!, a!.type, b!.type, (i, ai, bi) => {
        result[i] = small(x[ai]!, y[bi]!);
      });
      return [tensorOf(type!, result)];
    },
    host: 'serves arithmetic with masks and packed numbers, which is rare',
    cost: elementwiseCost,
  });

/** The bits that both have, broadcast. */
export const bitwiseAnd = /* @__PURE__ */ defineBitwise({
  name: 'bitwiseAnd',
  small: (a, b) => a & b,
  big: (a, b) => a & b,
});

/** The bits that one has or both have, broadcast. */
export const bitwiseOr = /* @__PURE__ */ defineBitwise({
  name: 'bitwiseOr',
  small: (a, b) => a | b,
  big: (a, b) => a | b,
});

/** The bits that just one has, broadcast. */
export const bitwiseXor = /* @__PURE__ */ defineBitwise({
  name: 'bitwiseXor',
  small: (a, b) => a ^ b,
  big: (a, b) => a ^ b,
});

/** a · 2ᵇ, without the bits that do not fit; 0 from the width of the type on. */
export const shiftLeft = /* @__PURE__ */ defineBitwise({
  name: 'shiftLeft',
  small: (a, b) => (b >= 32 ? 0 : a << b),
  big: (a, b) => (b >= 64n ? 0n : a << b),
});

/** ⌊a / 2ᵇ⌋. */
export const shiftRight = /* @__PURE__ */ defineBitwise({
  name: 'shiftRight',
  small: (a, b) => Math.floor(a / 2 ** b),
  big: (a, b) => (b >= 64n ? (a < 0n ? -1n : 0n) : a >> b),
});

/** Every bit turned over. */
export const bitwiseNot = /* @__PURE__ */ defineOp({
  name: 'bitwiseNot',
  inputs: ['x'],
  attrs: {},
  traits: { elementwise: true, permute: permuteElementwise },
  infer(inputs) {
    const x = required(inputs, 0, 'x');
    requireInteger('bitwiseNot', x);
    return [x];
  },
  evaluate([x], _attrs, [type]) {
    const y = zeros(type!);
    const { data } = x!;
    for (let i = 0; i < data.length; i++) y.data[i] = ~data[i]!;
    return [y];
  },
  host: 'serves arithmetic with masks and packed numbers, which is rare',
  cost: elementwiseCost,
});

/** The same bits as elements of another type of that size. (ONNX BitCast-26) */
export const bitCast = /* @__PURE__ */ defineOp({
  name: 'bitCast',
  inputs: ['x'],
  attrs: { to: 'float32' },
  required: ['to'],
  traits: { elementwise: true, permute: permuteElementwise },
  infer(inputs, { to }) {
    const x = required(inputs, 0, 'x');
    const fitting = dtypes.filter((name) => elementSize(name) === elementSize(x.dtype));
    const dtype = fitting.find((name) => name === to);
    if (dtype === undefined) throw shapeError(`bitCast of ${x.dtype}`, fitting.join(', '), to);
    return [{ dtype, shape: x.shape }];
  },
  evaluate: ([x], _attrs, [type]) => [tensorFromBytes(type!, bytesOf(x!).slice())],
  host: 'serves arithmetic with masks and packed numbers, which is rare',
  cost: elementwiseCost,
});
