/**
 * A value of a network under definition: what layers take and return. The shape is part of the type, as literal as it
 * is known: `Tensor<'float32', [1, 56, 56, 64]>`. A more literal tensor goes wherever a less literal one is asked for.
 */
import { MillraceError } from '../../runtime/error.ts';
import type { ValueId } from '../ir/graph.ts';
import type { DType, Shape } from '../ir/types.ts';
import type { OpBuilder } from '../ops/index.ts';
import type { DimAt, Mutable } from './types/dimensions.ts';
import type { ExpectVerdict } from './types/movement.ts';

/** Channels-last: images are [batch, height, width, channels], as they come in JavaScript. */
export class Tensor<out D extends DType = DType, out S extends Shape = Shape> {
  /** @internal The network it belongs to. */
  readonly builder: OpBuilder;
  /** @internal Its value there. */
  readonly id: ValueId;
  readonly dtype: D;
  readonly shape: S;

  /** @internal Layers make tensors. */
  constructor(builder: OpBuilder, id: ValueId) {
    this.builder = builder;
    this.id = id;
    const { dtype, shape } = builder.typeOf(id);
    this.dtype = dtype as D;
    this.shape = shape as S;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Extent of an axis; negative axes count from the end. `sizeOf` gives the same as a literal type. */
  dim(axis: number): number {
    const extent = this.shape.at(axis);
    if (extent === undefined)
      throw new MillraceError('MODEL_SHAPE', `axis ${axis} of a tensor of rank ${this.rank}`, {
        expected: `an axis from ${-this.rank} to ${this.rank - 1}`,
        got: String(axis),
      });
    return extent;
  }
}

/** Any tensor at all. */
export type AnyTensor = Tensor<DType, Shape>;

/** What weights multiply. */
export type FloatTensor<S extends Shape = Shape> = Tensor<'float32', S>;

/** Dtypes of floating point numbers. */
export type Float = 'float32' | 'float16' | 'float64';

/**
 * Extent of an axis, with its literal type: `sizeOf(x, -1)` is the number of channels.
 * @throws MillraceError MODEL_SHAPE for an axis that x does not have.
 * @example conv2d(image, { filters: sizeOf(image, -1), kernel: 1 }) // [1, 28, 28, 8]
 */
export const sizeOf = <S extends Shape, const A extends number>(x: Tensor<DType, S>, axis: A): DimAt<S, A> =>
  x.dim(axis) as DimAt<S, A>;

/**
 * Asserts a shape and gives the tensor that type: for what a loop or a general block has made, of which the checker
 * knows the rank at most. Checked when the network is defined, and by the checker as far as it can see.
 * @throws MillraceError MODEL_SHAPE where x has another shape.
 * @example expectShape(words, [1, 16, 64]) // [1, 16, 64]
 */
export function expectShape<D extends DType, S extends Shape, const T extends Shape>(
  x: Tensor<D, S>,
  shape: T & ExpectVerdict<S, T>['verdict'],
): Tensor<D, Mutable<T>> {
  checkShape(x, shape);
  return x as AnyTensor as Tensor<D, Mutable<T>>;
}

/**
 * As `expectShape`, by another tensor: `add(y, expectShapeOf(shortcut, y))` where a block's shortcut is its input or
 * a projection of it. In a general block this keeps the type that `like` has, whatever it will be.
 * @throws MillraceError MODEL_SHAPE where the shapes differ.
 * @example expectShapeOf(relu(words), words) // [1, 16, 64]
 */
export function expectShapeOf<X extends AnyTensor, T extends Shape>(
  x: X,
  like: Tensor<DType, T>,
): Tensor<X['dtype'], T> {
  checkShape(x, like.shape);
  return x as AnyTensor as Tensor<X['dtype'], T>;
}

function checkShape(x: AnyTensor, expected: Shape): void {
  if (x.rank !== expected.length || expected.some((extent, axis) => extent !== x.shape[axis]))
    throw new MillraceError('MODEL_SHAPE', 'a tensor has not the shape that it should have', {
      expected: `[${expected.join(', ')}]`,
      got: `[${x.shape.join(', ')}]`,
    });
}
