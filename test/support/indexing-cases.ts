/** Random cases of ops that read, write and search at indices. */
import type { Attrs } from '../../compiler/ir/constant.ts';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import type { DType } from '../../compiler/ir/types.ts';
import type { Draw, OpCase } from './op-cases.ts';

const of = (inputs: readonly (Tensor | null)[], attrs: Attrs = {}): OpCase => ({
  inputs,
  attrs,
  constants: [],
});

const dtypes: readonly DType[] = ['float32', 'float16', 'int64', 'int32', 'uint8'];
const any = (d: Draw, shape: readonly number[], from = 0): Tensor => d.tensor(shape, from, 9, d.pick(dtypes));
const indexType = (d: Draw): DType => d.pick(['int32', 'int64'] as const);
const reduction = (d: Draw): string => d.pick(['none', 'add', 'mul', 'min', 'max']);

/** x, an axis of it, and indices along that axis which leave some of the other axes out. */
function along(d: Draw): { x: Tensor; axis: number; indices: Tensor } {
  const shape = d.shape(d.integer(1, 4));
  const axis = d.integer(0, shape.length - 1);
  const extents = shape.map((n, i) => (i === axis ? d.integer(1, 7) : d.integer(1, n)));
  const extent = shape[axis]!;
  return { x: any(d, shape), axis, indices: d.tensor(extents, -extent, extent, indexType(d)) };
}

/** Points into x, after `batches` axes that both have. */
function points(d: Draw, batches: number): { x: Tensor; depth: number; indices: Tensor } {
  const shape = d.shape(d.integer(batches + 1, 4));
  const depth = d.integer(1, shape.length - batches);
  const least = Math.min(...shape.slice(batches, batches + depth));
  const extents = [...shape.slice(0, batches), ...d.shape(d.integer(0, 2), 4), depth];
  return { x: any(d, shape), depth, indices: d.tensor(extents, -least, least, indexType(d)) };
}

const argument = (d: Draw): OpCase => {
  const shape = d.shape(d.integer(1, 4));
  const axis = d.integer(0, shape.length - 1);
  return of([any(d, shape)], { axis, keepDims: d.chance(0.5), last: d.chance(0.5) });
};

const scan = (d: Draw): OpCase => {
  const shape = d.shape(d.integer(1, 4), 5);
  const axis = d.integer(0, shape.length - 1);
  const x = d.tensor(shape, -3, 3, d.pick(['float32', 'float64', 'int32', 'int64'] as const));
  return of([x], { axis, exclusive: d.chance(0.5), reverse: d.chance(0.5) });
};

export const indexingMakers: Readonly<Record<string, (draw: Draw) => OpCase>> = {
  gatherElements: (d) => {
    const { x, axis, indices } = along(d);
    return of([x, indices], { axis });
  },
  scatterElements: (d) => {
    const { x, axis, indices } = along(d);
    const updates = d.tensor(indices.type.shape, 0, 9, x.type.dtype);
    return of([x, indices, updates], { axis, reduction: reduction(d) });
  },
  gatherPoints: (d) => {
    const batches = d.integer(0, 2);
    const { x, indices } = points(d, batches);
    return of([x, indices], { batches });
  },
  scatterPoints: (d) => {
    const { x, depth, indices } = points(d, 0);
    const shape = [...indices.type.shape.slice(0, -1), ...x.type.shape.slice(depth)];
    return of([x, indices, d.tensor(shape, 0, 9, x.type.dtype)], { reduction: reduction(d) });
  },
  tensorScatter: (d) => {
    const shape = d.shape(d.integer(2, 4), 5);
    const axis = d.integer(1, shape.length - 1);
    const length = d.integer(1, shape[axis]!);
    const x = any(d, shape);
    const update = d.tensor(shape.with(axis, length), 0, 9, x.type.dtype);
    const circular = d.chance(0.5);
    const most = circular ? shape[axis]! : shape[axis]! - length + 1;
    const starts = d.chance(0.7) ? d.tensor([shape[0]!], 0, most, 'int64') : null;
    return of([x, update, starts], { axis, circular });
  },
  oneHot: (d) => {
    const indices = d.tensor(
      d.shape(d.integer(0, 3), 4),
      -6,
      6,
      d.pick(['int64', 'int32', 'float32'] as const),
    );
    const axis = d.integer(0, indices.type.shape.length);
    return of([indices, any(d, [2])], { depth: d.integer(0, 5), axis });
  },
  argMax: argument,
  argMin: argument,
  topK: (d) => {
    const shape = d.shape(d.integer(1, 4), 9);
    const axis = d.integer(0, shape.length - 1);
    return of([any(d, shape)], { k: d.integer(0, shape[axis]!), axis, largest: d.chance(0.5) });
  },
  cumSum: scan,
  cumProd: scan,
  reverseSequence: (d) => {
    const x = any(d, d.shape(d.integer(2, 4)));
    const batchAxis = d.integer(0, 1);
    const [batch, steps] = [x.type.shape[batchAxis]!, x.type.shape[1 - batchAxis]!];
    const lengths = d.tensor([batch], 0, steps + 1, 'int64');
    return of([x, lengths], { batchAxis, timeAxis: 1 - batchAxis });
  },
};
