/** Ops that are one function of one input: types, reference, lowering and traits, given the function. */
import type { Attrs } from '../../ir/constant.ts';
import { elementCount, formatType, isFloat } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { type AttrsLike, defineOp, required, shapeError } from '../define/op.ts';
import type { Activation } from '../define/traits.ts';
import { functionOf } from '../reference/activation.ts';
import { bigsOf, isBig, numbersFor, numbersOf, tensorOf } from '../reference/elements.ts';

interface UnaryDefinition<N extends string, D extends Attrs> {
  readonly name: N;
  readonly attrs: D & AttrsLike<D>;
  /** The function; `alpha` and `beta` from the attributes. */
  fn(attrs: AttrsLike<D>): Activation;
  /** Given where the op is defined on integers too: the same function of 64-bit ones. */
  readonly integer?: (x: bigint, activation: Activation) => bigint;
}

export const defineUnary = <N extends string, D extends Attrs>(definition: UnaryDefinition<N, D>) =>
  defineOp<N, D>({
    name: definition.name,
    inputs: ['x'],
    attrs: definition.attrs,
    traits: {
      elementwise: true,
      activation: (attrs) => definition.fn(attrs),
      permute: permuteElementwise,
    },
    infer(inputs, attrs) {
      const x = required(inputs, 0, 'x');
      const accepted = isFloat(x.dtype) || (definition.integer !== undefined && x.dtype !== 'bool');
      if (!accepted)
        throw shapeError(
          `${definition.name} of ${x.dtype}`,
          definition.integer ? 'a number type' : 'a floating point type',
          formatType(x),
        );
      definition.fn(attrs); // refuses attributes that name no function
      return [x];
    },
    evaluate([x], attrs, [type]) {
      const activation = definition.fn(attrs);
      if (isBig(type!.dtype)) {
        const { integer } = definition;
        const data = bigsOf(x!).slice();
        for (let i = 0; i < data.length; i++) data[i] = integer!(data[i]!, activation);
        return [{ type: type!, data }];
      }
      const apply = functionOf(activation);
      const from = numbersOf(x!);
      const to = numbersFor(type!);
      for (let i = 0; i < to.length; i++) to[i] = apply(from[i]!);
      return [tensorOf(type!, to)];
    },
    lower({ attrs, outputs }) {
      const type = outputs[0]!;
      if (type.dtype !== 'float32') return null;
      const { fn, alpha, beta } = definition.fn(attrs);
      const params = { count: elementCount(type.shape), fn, alpha, beta };
      return {
        calls: [call('f32-unary', { y: { output: 0 }, x: { input: 0 } }, params)],
        weights: [],
        scratch: [],
      };
    },
    cost: elementwiseCost,
  });
