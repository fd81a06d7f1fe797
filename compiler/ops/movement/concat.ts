/** The inputs one after the other along an axis. */
import { zeros } from '../../ir/tensor.ts';
import { formatType, sameShape, stridesOf, type TensorType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { copyCall, loweredCalls, runCopy, type StridedCopy } from '../lowering/copy.ts';

/** One copy per input, into its part of the output. */
function copiesOf(inputs: readonly (TensorType | null)[], axis: number, output: TensorType): StridedCopy[] {
  const strides = stridesOf(output.shape);
  let start = 0;
  return inputs.map((input) => {
    const { shape } = input!;
    const yOffset = start * strides[axis]!;
    start += shape[axis]!;
    return { dims: shape, x: stridesOf(shape), y: strides, xOffset: 0, yOffset };
  });
}

export const concat = /* @__PURE__ */ defineOp({
  name: 'concat',
  inputs: ['...xs'],
  attrs: { axis: 0 },
  required: ['axis'],
  traits: {
    movement: true,
    apart: (attrs, _input, axis) => (axis === attrs.axis ? null : axis),
    forwards: (_attrs, inputs) => (inputs.length === 1 ? 0 : null),
    region(attrs, box, inputs) {
      const { axis } = attrs;
      const [first, end] = [box.starts[axis]!, box.starts[axis]! + box.sizes[axis]!];
      let start = 0;
      const boxes = inputs.map((input) => {
        const length = input!.shape[axis]!;
        const from = Math.min(Math.max(first - start, 0), length);
        const to = Math.min(Math.max(end - start, 0), length);
        start += length;
        return { starts: box.starts.with(axis, from), sizes: box.sizes.with(axis, to - from) };
      });
      return { attrs, inputs: boxes };
    },
    permute: ({ axis }, perm, inputs) =>
      perm.length === inputs[0]!.shape.length
        ? { attrs: { axis: perm[axis]! }, inputs: inputs.map(() => 'same'), outputs: [perm] }
        : null,
  },
  infer(inputs, { axis }) {
    const first = required(inputs, 0, 'xs');
    if (!(axis >= 0 && axis < first.shape.length))
      throw shapeError('axis', `an axis of ${formatType(first)}`, `${axis}`);
    let length = 0;
    for (let i = 0; i < inputs.length; i++) {
      const input = required(inputs, i, `xs[${i}]`);
      const alike =
        input.dtype === first.dtype &&
        input.shape.length === first.shape.length &&
        sameShape(input.shape.with(axis, 0), first.shape.with(axis, 0));
      if (!alike)
        throw shapeError(
          `input ${i} of concat`,
          `${formatType(first)} but for axis ${axis}`,
          formatType(input),
        );
      length += input.shape[axis]!;
    }
    return [{ dtype: first.dtype, shape: first.shape.with(axis, length) }];
  },
  evaluate(inputs, { axis }, [type]) {
    const y = zeros(type!);
    const types = inputs.map((input) => input!.type);
    for (const [i, copy] of copiesOf(types, axis, type!).entries()) runCopy(copy, inputs[i]!.data, y.data);
    return [y];
  },
  lower({ attrs, inputs, outputs }) {
    const output = outputs[0]!;
    const calls = copiesOf(inputs, attrs.axis, output).flatMap((copy, i) =>
      copy.dims.includes(0) ? [] : [copyCall(copy, output.dtype, { input: i }, { output: 0 })],
    );
    return loweredCalls(calls);
  },
  cost: movementCost,
});
