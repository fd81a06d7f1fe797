/** x repeated to a shape it broadcasts to. */
import { zeros } from '../../ir/tensor.ts';
import { formatType, sameShape, stridesOf, type TensorType } from '../../ir/types.ts';
import { broadcastBox } from '../constants/boxes.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { lowerCopies, runCopy, type StridedCopy } from '../lowering/copy.ts';
import { broadcastShapes, broadcastStrides } from '../lowering/strides.ts';
import { inversePermutation } from './transpose.ts';

const copyOf = (x: TensorType, { shape }: TensorType): StridedCopy => ({
  dims: shape,
  x: broadcastStrides(x.shape, shape),
  y: stridesOf(shape),
  xOffset: 0,
  yOffset: 0,
});

export const expand = /* @__PURE__ */ defineOp({
  name: 'expand',
  inputs: ['x'],
  attrs: { shape: [] as readonly number[] },
  required: ['shape'],
  traits: {
    movement: true,
    apart: ({ shape }, _input, axis, [x]) => axis + shape.length - x!.shape.length,
    forwards: ({ shape }, [x]) => (sameShape(shape, x!.shape) ? 0 : null),
    region: (_attrs, box, [x]) => ({
      attrs: { shape: box.sizes },
      inputs: [broadcastBox(box, x!.shape)],
    }),
    permute({ shape }, perm) {
      // Axes in front of x's own stay where they are.
      const lead = shape.length - perm.length;
      const full = shape.map((_, axis) => (axis < lead ? axis : lead + perm[axis - lead]!));
      const moved = inversePermutation(full).map((axis) => shape[axis]!);
      return { attrs: { shape: moved }, inputs: ['same'], outputs: [full] };
    },
  },
  infer(inputs, { shape }) {
    const x = required(inputs, 0, 'x');
    if (!sameShape(broadcastShapes(x.shape, shape), shape))
      throw shapeError('expand', `a shape that ${formatType(x)} broadcasts to`, `[${shape.join(',')}]`);
    return [{ dtype: x.dtype, shape }];
  },
  evaluate([x], _attrs, [type]) {
    const y = zeros(type!);
    runCopy(copyOf(x!.type, type!), x!.data, y.data);
    return [y];
  },
  lower: ({ inputs, outputs }) => lowerCopies([copyOf(inputs[0]!, outputs[0]!)], outputs[0]!.dtype),
  cost: movementCost,
});
