/**
 * What may lie between a tensor of a file and a parameter, as recipes: nothing is read here. Each function describes
 * one step from the stored tensor towards the parameter.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { TypedConstant } from '../../ir/constant.ts';
import { elementCount, formatType, type Shape } from '../../ir/types.ts';
import { applied, reshaped } from '../../ops/constants/recipes.ts';

/** What a parameter is made of tensors by; it describes, and reads nothing. */
export type Transform = (...tensors: readonly TypedConstant[]) => TypedConstant;

const one = (tensors: readonly TypedConstant[]): TypedConstant => {
  const [tensor] = tensors;
  if (tensor === undefined || tensors.length !== 1)
    throw new MillraceError('OPTION', `a transform of one tensor was given ${tensors.length}`);
  return tensor;
};

/**
 * Axes in another order; without `perm`, reversed: what a matrix [in, out] becomes as [out, in].
 * @throws MillraceError OPTION, when it is used, for more than one tensor.
 * @example rules([[/^dense\.weight$/, () => ({ from: 'kernel', make: transposed() })]]);
 */
export const transposed =
  (perm?: readonly number[]): Transform =>
  (...tensors) => {
    const tensor = one(tensors);
    const { length } = tensor.type.shape;
    return applied('transpose', [tensor], {
      perm: perm ?? tensor.type.shape.map((_, axis) => length - 1 - axis),
    });
  };

/**
 * The same elements in another shape.
 * @throws MillraceError MODEL_SHAPE, when it is used, for another number of elements.
 * @example rules([[/^scale$/, () => ({ from: 'gamma', make: shaped([64]) })]]);
 */
export const shaped =
  (shape: Shape): Transform =>
  (...tensors) => {
    const tensor = one(tensors);
    if (elementCount(shape) !== elementCount(tensor.type.shape))
      throw new MillraceError('MODEL_SHAPE', 'cannot be reshaped', {
        expected: `[${shape.join(', ')}]`,
        got: formatType(tensor.type),
      });
    return reshaped(tensor, shape);
  };

/**
 * Part `index` of `count` equal parts along an axis: the keys of a fused query, key and value.
 * @throws MillraceError MODEL_SHAPE, when it is used, where the axis does not divide.
 * @example rules([[/^key\.weight$/, () => ({ from: 'qkv.weight', make: part(1, 3) })]]);
 */
export const part =
  (index: number, count: number, axis = 0): Transform =>
  (...tensors) => {
    const tensor = one(tensors);
    const { shape } = tensor.type;
    const size = (shape[axis] ?? 0) / count;
    if (!Number.isInteger(size) || size === 0 || index < 0 || index >= count)
      throw new MillraceError('MODEL_SHAPE', `cannot be cut into ${count} along axis ${axis}`, {
        got: formatType(tensor.type),
      });
    return applied('slice', [tensor], {
      starts: shape.map((_, i) => (i === axis ? index * size : 0)),
      steps: shape.map(() => 1),
      sizes: shape.with(axis, size),
    });
  };

/**
 * Several tensors one after the other along an axis.
 * @throws MillraceError MODEL_SHAPE, when it is used, where other axes differ.
 * @example rules([[/^qkv$/, () => ({ from: ['q', 'k', 'v'], make: joined() })]]);
 */
export const joined =
  (axis = 0): Transform =>
  (...tensors) =>
    applied('concat', tensors, { axis });

/**
 * First one, then the next.
 * @throws what its steps throw: OPTION, MODEL_SHAPE.
 * @example rules([[/^key$/, () => ({ from: 'qkv', make: steps(part(1, 3, 1), transposed()) })]]);
 */
export const steps =
  (first: Transform, ...rest: readonly Transform[]): Transform =>
  (...tensors) =>
    rest.reduce((tensor, step) => step(tensor), first(...tensors));
