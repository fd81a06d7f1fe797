/** Layers that move elements and compute nothing. */
import { MillraceError } from '../../../runtime/error.ts';
import { type DType, elementCount, type Shape } from '../../ir/types.ts';
import { layerName, node, nodes } from '../definition.ts';
import type { AnyTensor, Tensor } from '../tensor.ts';
import type { Multiply } from '../types/arithmetic.ts';
import type {
  AxisOf,
  AxisVerdict,
  DimAt,
  InsertAt,
  LastOf,
  Mutable,
  RemoveAt,
  WithDim,
} from '../types/dimensions.ts';
import type { Flattened } from '../types/image.ts';
import type {
  Beside,
  Concatenated,
  Gathered,
  PadVerdict,
  PermutationVerdict,
  Reshaped,
  ReshapeVerdict,
  SplitSizes,
  SplitVerdict,
  Tall,
  Transposed,
  Wide,
  Widened,
  WithinVerdict,
} from '../types/movement.ts';
import type { First, SameVerdict } from '../types/verdict.ts';
import type { DividesVerdict, SpatialVerdict } from '../types/window.ts';

/** The axis counted from the front. */
function positive(x: AnyTensor, axis: number): number {
  x.dim(axis);
  return axis < 0 ? axis + x.rank : axis;
}

/**
 * Tensors one after the other along an axis, the last if none is given.
 * @throws MillraceError MODEL_SHAPE where other axes differ, MODEL_INVALID where the list is empty.
 * @example concat([image, image]) // [1, 28, 28, 16]
 */
export function concat<const T extends readonly AnyTensor[], const A extends number = -1>(
  inputs: T & Beside<T, A>,
  axis?: A,
): Tensor<T[number]['dtype'], Concatenated<T, A>> {
  const list: readonly AnyTensor[] = inputs;
  const name = layerName('concat');
  const [first] = list;
  if (first === undefined) throw new MillraceError('MODEL_INVALID', 'nothing to concatenate', { at: name });
  return node(name, 'concat', list, { axis: positive(first, axis ?? -1) });
}

/** Tensors of the shapes that a split along an axis gives. */
export type SplitParts<D extends DType, S extends Shape, A extends number, Sizes extends Shape> = {
  -readonly [K in keyof Sizes]: Tensor<D, WithDim<S, A, Sizes[K]>>;
};

/**
 * Parts of the given sizes, or so many equal parts, along an axis (the last if none is given).
 * @throws MillraceError MODEL_SHAPE where the sizes do not add up to the axis.
 * @example split(words, 4)[0] // [1, 16, 16]
 */
export function split<
  D extends DType,
  S extends Shape,
  const P extends number | readonly number[],
  const A extends number = -1,
>(
  x: Tensor<D, S>,
  parts: P & SplitVerdict<S, A, P>['problem'],
  axis?: A & AxisVerdict<S, A>['problem'],
): SplitParts<D, S, A, SplitSizes<S, A, P>> {
  const at = positive(x, axis ?? -1);
  const given: number | readonly number[] = parts;
  const sizes = typeof given === 'number' ? new Array<number>(given).fill(x.dim(at) / given) : given;
  if (!sizes.every(Number.isInteger))
    throw new MillraceError('MODEL_SHAPE', 'split: the axis does not divide', {
      expected: `a divisor of ${x.dim(at)}`,
      got: String(given),
    });
  return nodes(layerName('split'), 'split', [x], { sizes, axis: at }) as SplitParts<
    D,
    S,
    A,
    SplitSizes<S, A, P>
  >;
}

/**
 * Elements [start, start + size) of an axis: `narrow(x, 1, 0, 1)` is the first token of [batch, tokens, channels].
 * @throws MillraceError MODEL_SHAPE where the elements lie outside of the axis.
 * @example narrow(words, 1, 0, 1) // [1, 1, 64]
 */
export function narrow<
  D extends DType,
  S extends Shape,
  const A extends number,
  const B extends number,
  const N extends number,
>(
  x: Tensor<D, S>,
  axis: A & AxisVerdict<S, A>['problem'],
  start: B,
  size: N & WithinVerdict<DimAt<S, A>, B, N>['problem'],
): Tensor<D, WithDim<S, A, N>> {
  const at = positive(x, axis);
  const starts = x.shape.map((_, i) => (i === at ? start : 0));
  return slice(x, starts, x.shape.with(at, size)) as AnyTensor as Tensor<D, WithDim<S, A, N>>;
}

/**
 * Elements start, start + step, … of every axis, `sizes` of them; a step may be negative.
 * @throws MillraceError MODEL_SHAPE where elements lie outside of x.
 * @example slice(words, [0, 0, 0], [1, 8, 64], [1, 2, 1]) // [1, 8, 64]
 */
export const slice = <D extends DType, const T extends Shape>(
  x: Tensor<D, Shape>,
  starts: readonly number[],
  sizes: T,
  steps: readonly number[] = sizes.map(() => 1),
): Tensor<D, Mutable<T>> => node(layerName('slice'), 'slice', [x], { starts, sizes, steps });

/** Options of `pad`. */
export interface PadOptions {
  readonly mode?: 'constant' | 'reflect' | 'edge';
  /** What a constant padding is made of. Default 0. */
  readonly value?: number;
}

/**
 * Widens every axis: begins, then ends.
 * @throws MillraceError MODEL_SHAPE where there are not two numbers for each axis.
 * @example pad(image, [0, 1, 1, 0, 0, 1, 1, 0]) // [1, 30, 30, 8]
 */
export const pad = <D extends DType, S extends Shape, const P extends Shape>(
  x: Tensor<D, S>,
  pads: P & PadVerdict<S, P>['verdict'],
  options: PadOptions = {},
): Tensor<D, Widened<S, P>> => node(layerName('pad'), 'pad', [x], { pads, ...options });

/**
 * The same elements under another shape; one extent may be −1.
 * @throws MillraceError MODEL_SHAPE where the shape has another number of elements.
 * @example reshape(words, [16, -1]) // [16, 64]
 */
export function reshape<D extends DType, S extends Shape, const T extends Shape>(
  x: Tensor<D, S>,
  shape: T & ReshapeVerdict<S, T>['verdict'],
): Tensor<D, Reshaped<S, T>> {
  const given: Shape = shape;
  const known = elementCount(given.filter((extent) => extent >= 0));
  const resolved = given.map((extent) => (extent < 0 ? elementCount(x.shape) / known : extent));
  if (!resolved.every(Number.isInteger) || elementCount(resolved) !== elementCount(x.shape))
    throw new MillraceError('MODEL_SHAPE', 'reshape: the shape holds another number of elements', {
      expected: `a shape of ${elementCount(x.shape)} elements, as [${x.shape.join(', ')}]`,
      got: `[${given.join(', ')}]`,
    });
  return node(layerName('reshape'), 'reshape', [x], { shape: resolved });
}

/**
 * [N, …] → [N, rest].
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example flatten(image) // [1, 6272]
 */
export const flatten = <D extends DType, S extends Shape>(x: Tensor<D, S>): Tensor<D, Flattened<S>> =>
  node(layerName('flatten'), 'reshape', [x], { shape: [x.dim(0), elementCount(x.shape.slice(1))] });

/**
 * Without an axis of one element.
 * @throws MillraceError MODEL_SHAPE where the axis has more than one element.
 * @example squeeze(row, 0) // [64]
 */
export function squeeze<D extends DType, S extends Shape, const A extends number>(
  x: Tensor<D, S>,
  axis: A &
    First<AxisVerdict<S, A>, SameVerdict<DimAt<S, A>, 1, `the axis has ${DimAt<S, A>} elements`>>['problem'],
): Tensor<D, S extends Shape ? RemoveAt<S, AxisOf<S, A>> : never> {
  const at = positive(x, axis);
  if (x.dim(axis) !== 1)
    throw new MillraceError('MODEL_SHAPE', 'squeeze: the axis has several elements', {
      expected: 'an axis of one element',
      got: `axis ${at} of [${x.shape.join(', ')}]`,
    });
  return node(layerName('squeeze'), 'reshape', [x], { shape: x.shape.filter((_, i) => i !== at) });
}

/**
 * With an axis of one element more, before the axis `axis`.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example unsqueeze(row, 1) // [1, 1, 64]
 */
export const unsqueeze = <D extends DType, S extends Shape, const A extends number>(
  x: Tensor<D, S>,
  axis: A,
): Tensor<D, S extends Shape ? InsertAt<S, A, 1> : never> =>
  node(layerName('unsqueeze'), 'reshape', [x], {
    shape: [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)],
  });

/**
 * Axis i of the result is axis perm[i] of x.
 * @throws MillraceError MODEL_SHAPE where `perm` is no order of the axes.
 * @example transpose(words, [0, 2, 1]) // [1, 64, 16]
 */
export const transpose = <D extends DType, S extends Shape, const P extends Shape>(
  x: Tensor<D, S>,
  perm: P & PermutationVerdict<S, P>['verdict'],
): Tensor<D, Transposed<S, P>> =>
  node(layerName('transpose'), 'transpose', [x], { perm: (perm as Shape).map((axis) => positive(x, axis)) });

/**
 * Repeats axes of extent 1 (and leading ones that are missing) up to a shape.
 * @throws MillraceError MODEL_SHAPE where x does not broadcast to the shape.
 * @example expand(row, [16, 64]) // [16, 64]
 */
export const expand = <D extends DType, const T extends Shape>(
  x: Tensor<D, Shape>,
  shape: T,
): Tensor<D, Mutable<T>> => node(layerName('expand'), 'expand', [x], { shape });

/**
 * Slices of x along an axis (the first if none is given), chosen by integers.
 * @throws MillraceError MODEL_SHAPE for an axis that x does not have.
 * @example gather(words, tokens, 1) // [1, 1, 16, 64]
 */
export const gather = <D extends DType, S extends Shape, T extends Shape, const A extends number = 0>(
  x: Tensor<D, S>,
  indices: Tensor<'int32' | 'int64', T>,
  axis?: A & AxisVerdict<S, A>['problem'],
): Tensor<D, Gathered<S, T, A>> =>
  node(layerName('gather'), 'gather', [x, indices], { axis: positive(x, axis ?? 0) });

/**
 * [N, H, W, C·b²] → [N, H·b, W·b, C]: groups of channels become blocks of pixels.
 * @throws MillraceError MODEL_SHAPE where the channels do not divide.
 * @example depthToSpace(image, 2) // [1, 56, 56, 2]
 */
export const depthToSpace = <D extends DType, S extends Shape, const B extends number>(
  x: Tensor<D, S> & SpatialVerdict<S, 2>['verdict'],
  blockSize: B & DividesVerdict<LastOf<S>, Multiply<B, B>, 'channels'>['problem'],
): Tensor<D, Tall<S, B>> => node(layerName('depthToSpace'), 'depthToSpace', [x], { blockSize });

/**
 * [N, H·b, W·b, C] → [N, H, W, C·b²]: blocks of pixels become groups of channels.
 * @throws MillraceError MODEL_SHAPE where rows or columns do not divide.
 * @example spaceToDepth(image, 2) // [1, 14, 14, 32]
 */
export const spaceToDepth = <D extends DType, S extends Shape, const B extends number>(
  x: Tensor<D, S> & SpatialVerdict<S, 2>['verdict'],
  blockSize: B &
    First<DividesVerdict<DimAt<S, 1>, B, 'rows'>, DividesVerdict<DimAt<S, 2>, B, 'columns'>>['problem'],
): Tensor<D, Wide<S, B>> => node(layerName('spaceToDepth'), 'spaceToDepth', [x], { blockSize });
