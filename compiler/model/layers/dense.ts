/** Layers that multiply by a matrix: dense, embedding, and the product of two tensors. */
import type { Shape } from '../../ir/types.ts';
import { checkOptions, layerName, makeParameter, node } from '../definition.ts';
import { he, type Initializer, normal, zeros } from '../init.ts';
import type { AnyTensor, Float, Tensor } from '../tensor.ts';
import type { MatrixVerdict, Multiplied, ProductVerdict, Projected } from '../types/product.ts';
import type { OnlyOptions } from '../types/verdict.ts';

/** Options of `dense`. */
export interface DenseOptions {
  readonly units: number;
  /** Default true. */
  readonly bias?: boolean;
  readonly initializer?: Initializer;
  /** A weight that another layer has too: `parameter(…)` of shape [units, C]. */
  readonly weight?: AnyTensor;
  readonly name?: string;
}

/**
 * [..., C] → [..., units]; the weight is [units, C].
 * @throws MillraceError MODEL_SHAPE where x does not fit, OPTION for an option that is none.
 * @example dense(row, { units: 10 }) // [1, 10]
 */
export function dense<S extends Shape, const O extends DenseOptions>(
  x: Tensor<'float32', S> & MatrixVerdict<S>['verdict'],
  options: O & OnlyOptions<O, DenseOptions>['verdict'],
): Tensor<'float32', Projected<S, O['units']>> {
  const given: DenseOptions = options;
  const name = layerName(given.name ?? 'dense');
  checkOptions(name, given, ['units', 'bias', 'initializer', 'weight', 'name']);
  const input: AnyTensor = x;
  const weight =
    given.weight ?? makeParameter(`${name}.weight`, [given.units, input.dim(-1)], given.initializer ?? he);
  const bias = given.bias === false ? null : makeParameter(`${name}.bias`, [given.units], zeros);
  return node(name, 'matmul', [input, weight, bias], { transB: true });
}

/** Options of `embedding`. */
export interface EmbeddingOptions {
  /** Rows of the table. */
  readonly entries: number;
  readonly units: number;
  readonly initializer?: Initializer;
  /** A table that another layer has too: `parameter(…)` of shape [entries, units]. */
  readonly weight?: AnyTensor;
  readonly name?: string;
}

/**
 * [...] of integers below `entries` → [..., units]: rows of a table.
 * @throws MillraceError OPTION for an option that is none, MODEL_SHAPE for a `weight` of another shape.
 * @example embedding(tokens, { entries: 1000, units: 64 }) // [1, 16, 64]
 */
export function embedding<S extends Shape, const O extends EmbeddingOptions>(
  indices: Tensor<'int32' | 'int64', S>,
  options: O & OnlyOptions<O, EmbeddingOptions>['verdict'],
): Tensor<'float32', [...S, O['units']]> {
  const given: EmbeddingOptions = options;
  const name = layerName(given.name ?? 'embedding');
  checkOptions(name, given, ['entries', 'units', 'initializer', 'weight', 'name']);
  const shape = [given.entries, given.units];
  const table = given.weight ?? makeParameter(`${name}.weight`, shape, given.initializer ?? normal(0, 0.02));
  return node(name, 'gather', [table, indices], { axis: 0 });
}

/** Options of `matmul`. */
export interface MatmulOptions {
  /** Transpose the last two axes of a, of b. */
  readonly transA?: boolean;
  readonly transB?: boolean;
}

/**
 * Product of the matrices in the last two axes; the axes before them broadcast.
 * @throws MillraceError MODEL_SHAPE where rows and columns do not meet.
 * @example matmul(words, words, { transB: true }) // [1, 16, 16]
 */
export const matmul = <
  D extends Float,
  A extends Shape,
  B extends Shape,
  const O extends MatmulOptions = Record<never, never>,
>(
  a: Tensor<D, A>,
  b: Tensor<D, B> & ProductVerdict<A, B, O>['verdict'],
  options?: O,
): Tensor<D, Multiplied<A, B, O>> => node(layerName('matmul'), 'matmul', [a, b], { ...options });
