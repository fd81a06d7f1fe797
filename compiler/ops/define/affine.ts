/**
 * Arithmetic with a constant that is one number, or one per channel, as y = x·scale + shift: exports that keep
 * normalisation apart (Inception v2, DenseNet, ShuffleNet) write it as Mul and Add of [C, 1, 1] constants.
 */
import type { Constant, TypedConstant } from '../../ir/constant.ts';
import { elementCount, sameShape, type TensorType } from '../../ir/types.ts';
import { broadcastShapes } from '../lowering/strides.ts';
import type { EpilogueAttrs } from './op.ts';

/** What the op does to x, given the constant c as a vector: constant is the second input, or the first. */
export interface AffineForms {
  /** x ∘ c */
  right(c: TypedConstant): { scale: TypedConstant; shift: TypedConstant } | null;
  /** c ∘ x */
  left(c: TypedConstant): { scale: TypedConstant; shift: TypedConstant } | null;
}

/** One number as a vector like c. */
export const splatLike = (c: TypedConstant, value: number): TypedConstant => ({
  type: c.type,
  constant: { kind: 'splat', value },
});

/** A unary op over c, as a recipe. */
export const applied = (op: string, c: TypedConstant): TypedConstant => ({
  type: c.type,
  constant: { kind: 'apply', op, attrs: {}, args: [c] },
});

export const affineTrait = (forms: AffineForms) => ({
  coefficients(
    constants: readonly (TypedConstant | null)[],
    types: readonly (TensorType | null)[],
    attrs: EpilogueAttrs,
  ) {
    const [a, b] = constants;
    if (attrs.act !== 'none' || (a == null) === (b == null)) return null;
    const c = (a ?? b)!;
    const x = types[a == null ? 0 : 1];
    if (x == null || x.dtype !== 'float32') return null;
    const found = vectorOf(c, x);
    if (found === null) return null;
    const pair = a == null ? forms.right(found.vector) : forms.left(found.vector);
    return pair && { ...pair, axis: found.axis };
  },
});

/** The constant as float32[C] along one axis of x, or as float32[1]; null if it varies along several axes. */
function vectorOf(c: TypedConstant, x: TensorType): { vector: TypedConstant; axis: number } | null {
  if (!sameShape(broadcastShapes(c.type.shape, x.shape), x.shape)) return null;
  const lead = x.shape.length - c.type.shape.length;
  const axes = c.type.shape.flatMap((dim, axis) => (dim === 1 ? [] : [lead + axis]));
  const vector = (length: number, constant: Constant): TypedConstant => ({
    type: { dtype: c.type.dtype, shape: [length] },
    constant,
  });
  if (c.constant.kind === 'splat')
    return { vector: vector(1, c.constant), axis: Math.max(0, x.shape.length - 1) };
  if (axes.length > 1) return null;
  const length = elementCount(c.type.shape);
  const attrs = { shape: [length] };
  const flat: Constant =
    c.type.shape.length === 1 ? c.constant : { kind: 'apply', op: 'reshape', attrs, args: [c] };
  return { vector: vector(length, flat), axis: axes[0] ?? Math.max(0, x.shape.length - 1) };
}
