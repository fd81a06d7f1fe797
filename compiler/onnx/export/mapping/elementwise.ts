/** Ops that act element by element; functions of one input are in `activations.ts`. */
import { isFloat, type TensorType } from '../../../ir/types.ts';
import { elementTypeOf } from '../../read/schema.ts';
import { int } from '../draft.ts';
import { type Emit, type Exporter, plainly } from './exporter.ts';

/** The ONNX op of our inputs in our order, then what fusion put behind it. */
const named = (op: string): Exporter => plainly((node) => [node.finish(node.add(op, node.all()))]);

const cast: Emit = (node) => [node.add('Cast', [node.input(0)], { to: int(elementTypeOf(node.type.dtype)) })];

/**
 * Of floats ONNX has the remainder of the dividend's sign only; ours has the divisor's, which it gets by adding the
 * divisor where the signs differ.
 */
const mod: Emit = (node) => {
  const [a, b] = [node.input(0), node.input(1)];
  const fmod = node.flag('fmod');
  if (fmod || !isFloat(node.type.dtype)) return [node.add('Mod', [a, b], fmod ? { fmod: int(1) } : {})];
  const bool = (type: TensorType): TensorType => ({ ...type, dtype: 'bool' });
  const type = bool(node.type);
  const rest = node.add('Mod', [a, b], { fmod: int(1) }, 'rest');
  const zero = node.operand(node.type.dtype, [], [0], 'zero');
  const restBelow = node.add('Less', [rest, zero], {}, 'rest_below', type);
  const divisorBelow = node.add('Less', [b, zero], {}, 'divisor_below', bool(node.typeOf(1)));
  const alike = node.add('Equal', [restBelow, divisorBelow], {}, 'alike', type);
  const none = node.add('Equal', [rest, zero], {}, 'none', type);
  const stays = node.add('Or', [alike, none], {}, 'stays', type);
  const moved = node.add('Add', [rest, b], {}, 'moved');
  return [node.add('Where', [stays, rest, moved])];
};

export const elementwise: Readonly<Record<string, Exporter>> = {
  add: named('Add'),
  sub: named('Sub'),
  mul: named('Mul'),
  div: named('Div'),
  pow: named('Pow'),
  min: named('Min'),
  max: named('Max'),
  prelu: named('PRelu'),
  equal: named('Equal'),
  less: named('Less'),
  lessOrEqual: named('LessOrEqual'),
  greater: named('Greater'),
  greaterOrEqual: named('GreaterOrEqual'),
  and: named('And'),
  or: named('Or'),
  not: named('Not'),
  isNan: named('IsNaN'),
  where: named('Where'),
  cast: plainly(cast),
  mod: plainly(mod),
};
