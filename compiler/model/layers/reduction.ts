/** Reductions over axes; global pools are reductions over the spatial ones. */
import { MillraceError } from '../../../runtime/error.ts';
import type { Shape } from '../../ir/types.ts';
import { layerName, node } from '../definition.ts';
import type { AnyTensor, Float, Tensor } from '../tensor.ts';
import type { ImageVerdict, Pooled } from '../types/image.ts';
import type { AxesVerdict, Reduction } from '../types/product.ts';

/** Options of reductions. */
export interface ReduceOptions {
  /** Leave an extent of 1 in place of each axis. Default true. */
  readonly keepDims?: boolean;
}

const reduce =
  (op: 'reduceMean' | 'reduceSum' | 'reduceMax' | 'reduceMin') =>
  <
    D extends Float,
    S extends Shape,
    const A extends number | readonly number[],
    const O extends ReduceOptions = Record<never, never>,
  >(
    x: Tensor<D, S>,
    axes: A & AxesVerdict<S, A>['problem'],
    options?: O,
  ): Tensor<D, Reduction<S, A, O>> => {
    const given: number | readonly number[] = axes;
    const positive = (typeof given === 'number' ? [given] : given).map((axis) =>
      axis < 0 ? axis + x.rank : axis,
    );
    const attrs = { axes: positive.sort((a, b) => a - b), keepDims: options?.keepDims ?? true };
    return node(layerName(op), op, [x], attrs);
  };

/**
 * Mean over one axis or several.
 * @throws MillraceError MODEL_SHAPE for an axis that x does not have.
 * @example reduceMean(image, [1, 2]) // [1, 1, 1, 8]
 */
export const reduceMean = reduce('reduceMean');

/**
 * Sum over one axis or several.
 * @throws MillraceError MODEL_SHAPE for an axis that x does not have.
 * @example reduceSum(image, [1, 2]) // [1, 1, 1, 8]
 */
export const reduceSum = reduce('reduceSum');

/**
 * Maximum over one axis or several.
 * @throws MillraceError MODEL_SHAPE for an axis that x does not have.
 * @example reduceMax(image, [1, 2]) // [1, 1, 1, 8]
 */
export const reduceMax = reduce('reduceMax');

/**
 * Minimum over one axis or several.
 * @throws MillraceError MODEL_SHAPE for an axis that x does not have.
 * @example reduceMin(image, [1, 2]) // [1, 1, 1, 8]
 */
export const reduceMin = reduce('reduceMin');

/** Options of `globalAveragePool` and `globalMaxPool`. */
export interface GlobalPoolOptions {
  /** [N, 1, 1, C] instead of [N, C]. Default false. */
  readonly keepDims?: boolean;
}

const overSpatial =
  (op: 'reduceMean' | 'reduceMax') =>
  <D extends Float, S extends Shape, const O extends GlobalPoolOptions = Record<never, never>>(
    x: Tensor<D, S> & ImageVerdict<S>['verdict'],
    options?: O,
  ): Tensor<D, Pooled<S, O>> => {
    const input: AnyTensor = x;
    const name = layerName('globalPool');
    if (input.rank < 3)
      throw new MillraceError('MODEL_SHAPE', 'the input has the wrong rank', {
        at: name,
        expected: '[batch, …spatial, channels]',
        got: `[${input.shape.join(', ')}]`,
      });
    const axes = Array.from({ length: input.rank - 2 }, (_, i) => i + 1);
    return node(name, op, [input], { axes, keepDims: options?.keepDims ?? false });
  };

/**
 * Mean over all spatial axes: [N, …spatial, C] → [N, C].
 * @throws MillraceError MODEL_SHAPE where x has no spatial axes.
 * @example globalAveragePool(image) // [1, 8]
 */
export const globalAveragePool = overSpatial('reduceMean');

/**
 * Maximum over all spatial axes: [N, …spatial, C] → [N, C].
 * @throws MillraceError MODEL_SHAPE where x has no spatial axes.
 * @example globalMaxPool(image) // [1, 8]
 */
export const globalMaxPool = overSpatial('reduceMax');
