/** x cut along an axis into parts of the given sizes, one output each. */
import { zeros } from '../../ir/tensor.ts';
import { formatType, stridesOf, type TensorType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { copyCall, loweredCalls, runCopy, type StridedCopy } from '../lowering/copy.ts';

/** One copy per output, from its part of the input. */
function copiesOf(x: TensorType, axis: number, outputs: readonly TensorType[]): StridedCopy[] {
  const strides = stridesOf(x.shape);
  let start = 0;
  return outputs.map(({ shape }) => {
    const xOffset = start * strides[axis]!;
    start += shape[axis]!;
    return { dims: shape, x: strides, y: stridesOf(shape), xOffset, yOffset: 0 };
  });
}

export const split = /* @__PURE__ */ defineOp({
  name: 'split',
  inputs: ['x'],
  attrs: { axis: 0, sizes: [] as readonly number[] },
  required: ['axis', 'sizes'],
  traits: {
    movement: true,
    apart: (attrs, _input, axis) => (axis === attrs.axis ? null : axis),
    forwards: (_attrs, _inputs, outputs) => (outputs.length === 1 ? 0 : null),
    permute: ({ axis, sizes }, perm, _inputs, outputs) => ({
      attrs: { axis: perm[axis]!, sizes },
      inputs: ['same'],
      outputs: outputs.map(() => perm),
    }),
  },
  infer(inputs, { axis, sizes }) {
    const x = required(inputs, 0, 'x');
    if (!(axis >= 0 && axis < x.shape.length))
      throw shapeError('axis', `an axis of ${formatType(x)}`, `${axis}`);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (total !== x.shape[axis] || sizes.some((size) => size < 0))
      throw shapeError('sizes', `parts of axis ${axis} of ${formatType(x)}`, `[${sizes.join(',')}]`);
    return sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.with(axis, size) }));
  },
  evaluate([x], { axis }, types) {
    const copies = copiesOf(x!.type, axis, types);
    return types.map((type, i) => {
      const y = zeros(type);
      runCopy(copies[i]!, x!.data, y.data);
      return y;
    });
  },
  lower({ attrs, inputs, outputs }) {
    const calls = copiesOf(inputs[0]!, attrs.axis, outputs).flatMap((copy, i) =>
      copy.dims.includes(0) ? [] : [copyCall(copy, outputs[i]!.dtype, { input: 0 }, { output: i })],
    );
    return loweredCalls(calls);
  },
  cost: movementCost,
});
