/** Functions of one number that no kernel has: their reference runs on the host, in double precision. */
import { formatType, isFloat } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { bigsOf, isBig, numbersFor, numbersOf, tensorOf } from '../reference/elements.ts';

/** An op y = fn(x). With `big`, the same function of 64-bit integers, it is defined on all number types. */
export const defineFunction = <N extends string>(
  name: N,
  fn: (x: number) => number,
  big?: (x: bigint) => bigint,
) =>
  defineOp({
    name,
    inputs: ['x'],
    attrs: {},
    traits: { elementwise: true, permute: permuteElementwise },
    infer(inputs) {
      const x = required(inputs, 0, 'x');
      if (!isFloat(x.dtype) && (big === undefined || x.dtype === 'bool'))
        throw shapeError(
          `${name} of ${x.dtype}`,
          big === undefined ? 'a floating point type' : 'a number type',
          formatType(x),
        );
      return [x];
    },
    evaluate([x], _attrs, [type]) {
      if (isBig(type!.dtype)) {
        const data = bigsOf(x!).slice();
        for (let i = 0; i < data.length; i++) data[i] = big!(data[i]!);
        return [{ type: type!, data }];
      }
      const from = numbersOf(x!);
      const to = numbersFor(type!);
      for (let i = 0; i < to.length; i++) to[i] = fn(from[i]!);
      return [tensorOf(type!, to)];
    },
    host: 'is rare in networks, and seldom applied to much',
    cost: elementwiseCost,
  });
