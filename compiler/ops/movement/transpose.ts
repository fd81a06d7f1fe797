/** y's axis k is x's axis perm[k]. */

import { zeros } from '../../ir/tensor.ts';
import { formatType, type Shape, stridesOf, type TensorType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { lowerCopies, runCopy, type StridedCopy } from '../lowering/copy.ts';

const copyOf = (x: TensorType, perm: readonly number[], y: TensorType): StridedCopy => {
  const strides = stridesOf(x.shape);
  return {
    dims: y.shape,
    x: perm.map((axis) => strides[axis]!),
    y: stridesOf(y.shape),
    xOffset: 0,
    yOffset: 0,
  };
};

/** Whether the order of elements stays, because only axes of 1 change their place: such a transpose is a reshape. */
export function keepsOrder(shape: Shape, perm: readonly number[]): boolean {
  const moved = perm.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || moved[i - 1]! < axis);
}

/** The permutation that undoes perm. */
export const inversePermutation = (perm: readonly number[]): number[] =>
  perm.map((_, axis) => perm.indexOf(axis));

export const transpose = /* @__PURE__ */ defineOp({
  name: 'transpose',
  inputs: ['x'],
  attrs: { perm: [] as readonly number[] },
  required: ['perm'],
  traits: {
    movement: true,
    apart: ({ perm }, _input, axis) => perm.indexOf(axis),
    permutation: ({ perm }) => perm,
    region: ({ perm }, box) => {
      const inverse = inversePermutation(perm);
      const starts = inverse.map((axis) => box.starts[axis]!);
      return { attrs: { perm }, inputs: [{ starts, sizes: inverse.map((axis) => box.sizes[axis]!) }] };
    },
    // Two transposes in a row are one.
    permute: (attrs, perm) => ({
      attrs: { perm: attrs.perm.map((axis) => perm[axis]!) },
      inputs: ['same'],
      outputs: [attrs.perm.map((_, axis) => axis)],
    }),
  },
  infer(inputs, { perm }) {
    const x = required(inputs, 0, 'x');
    const sorted = [...perm].sort((a, b) => a - b);
    if (perm.length !== x.shape.length || sorted.some((axis, i) => axis !== i))
      throw shapeError('perm', `a permutation of the axes of ${formatType(x)}`, `[${perm.join(',')}]`);
    return [{ dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]!) }];
  },
  evaluate([x], { perm }, [type]) {
    const y = zeros(type!);
    runCopy(copyOf(x!.type, perm, type!), x!.data, y.data);
    return [y];
  },
  lower: ({ attrs, inputs, outputs }) =>
    lowerCopies([copyOf(inputs[0]!, attrs.perm, outputs[0]!)], outputs[0]!.dtype),
  cost: movementCost,
});
