/** Arithmetic and comparisons. Shapes broadcast from the right, as in NumPy; a number is a scalar. */
import type { Shape } from '../../ir/types.ts';
import type { PlainOp } from '../../ops/index.ts';
import { layerName, node, scalar } from '../definition.ts';
import type { AnyTensor, Tensor } from '../tensor.ts';
import type { ArithmeticVerdict, Broadcast, BroadcastVerdict, DTypeOf, ShapeOf } from '../types/broadcast.ts';

/** A tensor, or a number that takes the dtype of the other operand. */
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

/**
 * a + b.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example add(words, row) // [1, 16, 64]
 */
export const add = binary('add');

/**
 * a − b.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example sub(words, row) // [1, 16, 64]
 */
export const sub = binary('sub');

/**
 * a · b.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example mul(words, row) // [1, 16, 64]
 */
export const mul = binary('mul');

/**
 * a / b; of integers, towards zero.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example div(words, row) // [1, 16, 64]
 */
export const div = binary('div');

/**
 * a to the power of b.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example pow(words, row) // [1, 16, 64]
 */
export const pow = binary('pow');

/**
 * The smaller of both.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example minimum(words, row) // [1, 16, 64]
 */
export const minimum = binary('min');

/**
 * The larger of both.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example maximum(words, row) // [1, 16, 64]
 */
export const maximum = binary('max');

const comparison =
  (op: PlainOp) =>
  <A extends Operand, B extends Operand>(
    a: A,
    b: B & ArithmeticVerdict<A, B>['verdict'],
  ): Tensor<'bool', Broadcast<ShapeOf<A>, ShapeOf<B>>> =>
    node(layerName(op), op, operands(a, b));

/**
 * Whether a is b.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example equal(words, 0) // [1, 16, 64]
 */
export const equal = comparison('equal');

/**
 * Whether a is below b.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example less(words, 0) // [1, 16, 64]
 */
export const less = comparison('less');

/**
 * Whether a is above b.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example greater(words, 0) // [1, 16, 64]
 */
export const greater = comparison('greater');

/**
 * Whether a is not above b.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example lessOrEqual(words, 0) // [1, 16, 64]
 */
export const lessOrEqual = comparison('lessOrEqual');

/**
 * Whether a is not below b.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example greaterOrEqual(words, 0) // [1, 16, 64]
 */
export const greaterOrEqual = comparison('greaterOrEqual');

/**
 * a where the condition holds, else b.
 * @throws MillraceError MODEL_SHAPE where the shapes do not broadcast or the dtypes differ.
 * @example where(mask, words, 0) // [1, 16, 64]
 */
export const where = <C extends Shape, A extends Operand, B extends Operand>(
  condition: Tensor<'bool', C>,
  a: A & BroadcastVerdict<C, ShapeOf<A>>['verdict'],
  b: B & ArithmeticVerdict<A, B>['verdict'],
): Tensor<DTypeOf<A, B>, Broadcast<C, Broadcast<ShapeOf<A>, ShapeOf<B>>>> =>
  node(layerName('where'), 'where', [condition, ...operands(a, b)]);
