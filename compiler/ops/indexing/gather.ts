/** Slices of x along an axis, chosen by indices: y[…, i…, …] = x[…, indices[i…], …]. Below zero counts from the end. */
import { MillraceError } from '../../../runtime/error.ts';
import { zeros } from '../../ir/tensor.ts';
import { elementCount, elementSize, formatType, type Shape } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { runCopy } from '../lowering/copy.ts';

/** x's axis replaced by those of the indices. */
const gathered = (x: Shape, indices: Shape, axis: number): number[] => [
  ...x.slice(0, axis),
  ...indices,
  ...x.slice(axis + 1),
];

export const gather = /* @__PURE__ */ defineOp({
  name: 'gather',
  inputs: ['x', 'indices'],
  attrs: { axis: 0 },
  traits: {
    movement: true,
    apart({ axis }, input, at, inputs) {
      if (input === 1) return axis + at;
      if (at === axis) return null;
      return at < axis ? at : at + inputs[1]!.shape.length - 1;
    },
    region(attrs, box, [x, indices]) {
      const { axis } = attrs;
      const rank = indices!.shape.length;
      const outer = (list: Shape, along: number): number[] => [
        ...list.slice(0, axis),
        along,
        ...list.slice(axis + rank),
      ];
      const chosen = {
        starts: box.starts.slice(axis, axis + rank),
        sizes: box.sizes.slice(axis, axis + rank),
      };
      // Which rows of x are read is known only with the indices: the whole axis.
      const rows = { starts: outer(box.starts, 0), sizes: outer(box.sizes, x!.shape[axis]!) };
      return { attrs, inputs: [rows, chosen] };
    },
    permute({ axis }, perm, inputs) {
      const rank = inputs[1]!.shape.length;
      if (perm.length !== inputs[0]!.shape.length) return null;
      const moved = perm[axis]!;
      // Where axis k of x, and axis j of the indices, stand in the output of the op on x'.
      const placeOf = (place: number): number => (place < moved ? place : place + rank - 1);
      const output = perm.flatMap((place, k) =>
        k === axis ? inputs[1]!.shape.map((_, j) => moved + j) : [placeOf(place)],
      );
      return { attrs: { axis: moved }, inputs: ['same', 'keep'], outputs: [output] };
    },
  },
  infer(inputs, { axis }) {
    const x = required(inputs, 0, 'x');
    const indices = required(inputs, 1, 'indices');
    if (!(axis >= 0 && axis < x.shape.length))
      throw shapeError('axis', `an axis of ${formatType(x)}`, `${axis}`);
    if (indices.dtype !== 'int64' && indices.dtype !== 'int32')
      throw shapeError('indices', 'int32 or int64', formatType(indices));
    return [{ dtype: x.dtype, shape: gathered(x.shape, indices.shape, axis) }];
  },
  evaluate([x, indices], { axis }, [type]) {
    const { shape } = x!.type;
    const y = zeros(type!);
    const length = shape[axis]!;
    const outer = elementCount(shape.slice(0, axis));
    const inner = elementCount(shape.slice(axis + 1));
    const count = indices!.data.length;
    for (let i = 0; i < count; i++) {
      const given = Number(indices!.data[i]!);
      const index = given < 0 ? given + length : given;
      if (!(index >= 0 && index < length))
        throw new MillraceError('MODEL_INVALID', 'gather: index out of range', {
          expected: `${-length} to ${length - 1}`,
          got: `${given}`,
        });
      const copy = { dims: [outer, inner], x: [length * inner, 1], y: [count * inner, 1] };
      runCopy({ ...copy, xOffset: index * inner, yOffset: i * inner }, x!.data, y.data);
    }
    return [y];
  },
  lower({ attrs, inputs }) {
    const [x, indices] = [inputs[0]!, inputs[1]!];
    const params = {
      outer: elementCount(x.shape.slice(0, attrs.axis)),
      axis: x.shape[attrs.axis]!,
      count: elementCount(indices.shape),
      innerBytes: elementCount(x.shape.slice(attrs.axis + 1)) * elementSize(x.dtype),
      indexBytes: elementSize(indices.dtype),
    };
    const operands = { y: { output: 0 }, x: { input: 0 }, indices: { input: 1 } };
    return { calls: [call('gather', operands, params)], weights: [], scratch: [] };
  },
  cost: movementCost,
});
