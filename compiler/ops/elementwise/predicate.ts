/**
 * Comparisons and connectives: two broadcast inputs of one dtype, a bool out. They serve shape arithmetic and masks;
 * no kernel has them, so what is left of them at run time runs on the host.
 */
import { zeros } from '../../ir/tensor.ts';
import { formatType } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, shapeError } from '../define/op.ts';
import { isBig, numbersOf } from '../reference/elements.ts';
import { forEachPair, inferBroadcast } from './binary.ts';

type Element = number | bigint;

interface PredicateDefinition<N extends string> {
  readonly name: N;
  readonly of: 'anything' | 'numbers' | 'bools';
  readonly test: (a: Element, b: Element) => boolean;
}

export const definePredicate = <N extends string>({ name, of, test }: PredicateDefinition<N>) =>
  defineOp({
    name,
    inputs: ['a', 'b'],
    attrs: {},
    traits: { elementwise: true, permute: permuteElementwise },
    infer(inputs) {
      const type = inferBroadcast(name, inputs);
      if (of !== 'anything' && (type.dtype === 'bool') !== (of === 'bools'))
        throw shapeError(`${name} of ${type.dtype}`, of, formatType(type));
      return [{ dtype: 'bool', shape: type.shape }];
    },
    evaluate([a, b], _attrs, [type]) {
      const result = zeros(type!);
      const big = isBig(a!.type.dtype);
      const [x, y] = big ? [a!.data, b!.data] : [numbersOf(a!), numbersOf(b!)];
      forEachPair(type!, a!.type, b!.type, (i, ai, bi) => {
        result.data[i] = test(x[ai]!, y[bi]!) ? 1 : 0;
      });
      return [result];
    },
    host: 'truth values steer shapes and masks, which are constants as a rule',
    cost: elementwiseCost,
  });
