/**
 * Remainder of a / b, broadcast: with the sign of b (as in Python), or with `fmod` that of a (as in C). Of integers
 * by zero it is 0. It serves shape arithmetic and has no kernel.
 */
import { zeros } from '../../ir/tensor.ts';
import { formatType, isFloat } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, shapeError } from '../define/op.ts';
import { bigsOf, isBig, numbersFor, numbersOf, tensorOf } from '../reference/elements.ts';
import { forEachPair, inferBroadcast } from './binary.ts';

export const mod = defineOp({
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
  cost: elementwiseCost,
});
