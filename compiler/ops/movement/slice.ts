/** y[i] = x[starts + i·steps], per axis; a step may be negative. */
import { zeros } from '../../ir/tensor.ts';
import { formatType, stridesOf, type TensorType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { lowerCopies, runCopy, type StridedCopy } from '../lowering/copy.ts';
import { inversePermutation } from './transpose.ts';

interface SliceAttrs {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly sizes: readonly number[];
}

function copyOf(x: TensorType, { starts, steps, sizes }: SliceAttrs): StridedCopy {
  const strides = stridesOf(x.shape);
  return {
    dims: sizes,
    x: strides.map((stride, axis) => stride * steps[axis]!),
    y: stridesOf(sizes),
    xOffset: strides.reduce((sum, stride, axis) => sum + stride * starts[axis]!, 0),
    yOffset: 0,
  };
}

export const slice = /* @__PURE__ */ defineOp({
  name: 'slice',
  inputs: ['x'],
  attrs: {
    starts: [] as readonly number[],
    steps: [] as readonly number[],
    sizes: [] as readonly number[],
  },
  required: ['starts', 'steps', 'sizes'],
  traits: {
    movement: true,
    apart: ({ starts, steps, sizes }, _input, axis, [x]) =>
      starts[axis] === 0 && steps[axis] === 1 && sizes[axis] === x!.shape[axis] ? axis : null,
    // All elements of an axis, and not backwards.
    forwards: ({ sizes, steps }, [x]) =>
      sizes.every((size, axis) => size === x!.shape[axis] && (size <= 1 || steps[axis]! > 0)) ? 0 : null,
    region({ starts, steps }, box) {
      // The box of x that spans the elements, from the lowest index.
      const first = starts.map((start, axis) => start + box.starts[axis]! * steps[axis]!);
      const last = first.map((start, axis) => start + Math.max(0, box.sizes[axis]! - 1) * steps[axis]!);
      const low = first.map((start, axis) => Math.min(start, last[axis]!));
      const spans = first.map((start, axis) =>
        box.sizes[axis] === 0 ? 0 : Math.abs(last[axis]! - start) + 1,
      );
      const from = first.map((start, axis) => (box.sizes[axis] === 0 ? 0 : start - low[axis]!));
      const at = low.map((start, axis) => (box.sizes[axis] === 0 ? 0 : start));
      return { attrs: { starts: from, steps, sizes: box.sizes }, inputs: [{ starts: at, sizes: spans }] };
    },
    permute({ starts, steps, sizes }, perm, inputs) {
      if (perm.length !== inputs[0]!.shape.length) return null;
      const moved = (list: readonly number[]) => inversePermutation(perm).map((axis) => list[axis]!);
      return {
        attrs: { starts: moved(starts), steps: moved(steps), sizes: moved(sizes) },
        inputs: ['same'],
        outputs: [perm],
      };
    },
  },
  infer(inputs, { starts, steps, sizes }) {
    const x = required(inputs, 0, 'x');
    const rank = x.shape.length;
    if (starts.length !== rank || steps.length !== rank || sizes.length !== rank)
      throw shapeError(
        'starts, steps, sizes',
        `one entry per axis of ${formatType(x)}`,
        `[${starts.join(',')}]`,
      );
    x.shape.forEach((dim, axis) => {
      const [start, step, size] = [starts[axis]!, steps[axis]!, sizes[axis]!];
      const last = start + (size - 1) * step;
      const inside = size === 0 || (start >= 0 && start < dim && last >= 0 && last < dim);
      if (!inside || size < 0 || step === 0)
        throw shapeError(
          `slice of axis ${axis}`,
          `elements 0 to ${dim - 1} of ${formatType(x)}`,
          `${size} from ${start} in steps of ${step}`,
        );
    });
    return [{ dtype: x.dtype, shape: sizes }];
  },
  evaluate([x], attrs, [type]) {
    const y = zeros(type!);
    runCopy(copyOf(x!.type, attrs), x!.data, y.data);
    return [y];
  },
  lower: ({ attrs, inputs, outputs }) => lowerCopies([copyOf(inputs[0]!, attrs)], outputs[0]!.dtype),
  cost: movementCost,
});
