/** Arithmetic and comparisons. Shapes broadcast from the right, as in NumPy; a number is a scalar. */
import type { Shape } from '../../ir/types.ts';
import type { PlainOp } from '../../ops/index.ts';
import { layerName, node, scalar } from '../definition.ts';
import type { AnyTensor, Tensor } from '../tensor.ts';
import type { ArithmeticVerdict, Broadcast, BroadcastVerdict, DTypeOf, ShapeOf } from '../types/broadcast.ts';

export type Operand = AnyTensor | number;

/** Both operands as tensors; a number takes the dtype of the other. */
function operands(a: Operand, b: Operand): [AnyTensor, AnyTensor] {
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'float32';
  const tensor = (operand: Operand): AnyTensor =>
    typeof operand === 'number' ? scalar(operand, dtype) : operand;
  return [tensor(a), tensor(b)];
}

const binary =
  (op: PlainOp) =>
  <A extends Operand, B extends Operand>(
    a: A,
    b: B & ArithmeticVerdict<A, B>['verdict'],
  ): Tensor<DTypeOf<A, B>, Broadcast<ShapeOf<A>, ShapeOf<B>>> =>
    node(layerName(op), op, operands(a, b));

export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const pow = binary('pow');
export const minimum = binary('min');
export const maximum = binary('max');

const comparison =
  (op: PlainOp) =>
  <A extends Operand, B extends Operand>(
    a: A,
    b: B & ArithmeticVerdict<A, B>['verdict'],
  ): Tensor<'bool', Broadcast<ShapeOf<A>, ShapeOf<B>>> =>
    node(layerName(op), op, operands(a, b));

export const equal = comparison('equal');
export const less = comparison('less');
export const greater = comparison('greater');
export const lessOrEqual = comparison('lessOrEqual');
export const greaterOrEqual = comparison('greaterOrEqual');

/** a where the condition holds, else b. */
export const where = <C extends Shape, A extends Operand, B extends Operand>(
  condition: Tensor<'bool', C>,
  a: A & BroadcastVerdict<C, ShapeOf<A>>['verdict'],
  b: B & ArithmeticVerdict<A, B>['verdict'],
): Tensor<DTypeOf<A, B>, Broadcast<C, Broadcast<ShapeOf<A>, ShapeOf<B>>>> =>
  node(layerName('where'), 'where', [condition, ...operands(a, b)]);
