/**
 * x with a margin: of one value ("constant"), of the elements mirrored about the first and last ("reflect"), or of
 * the first and last themselves ("edge").
 */
import { bytesOf, type TypedArray, zeros } from '../../ir/tensor.ts';
import {
  type DType,
  elementCount,
  elementSize,
  formatType,
  stridesOf,
  type TensorType,
} from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { copyCall, loweredCalls, runCopy, type StridedCopy } from '../lowering/copy.ts';
import { storedElement } from '../reference/elements.ts';
import { inversePermutation } from './transpose.ts';

/** The copy of x to its place in y. */
function inside(x: TensorType, pads: readonly number[], y: TensorType): StridedCopy {
  const strides = stridesOf(y.shape);
  const yOffset = strides.reduce((sum, stride, axis) => sum + stride * pads[axis]!, 0);
  return { dims: x.shape, x: stridesOf(x.shape), y: strides, xOffset: 0, yOffset };
}

/**
 * The margins as copies within y, axis by axis: those of an axis are made of what is there already, the margins of
 * the axes before it included, so corners need nothing of their own.
 */
function margins(x: TensorType, pads: readonly number[], mode: string, y: TensorType): StridedCopy[] {
  const strides = stridesOf(y.shape);
  const rank = x.shape.length;
  const copies: StridedCopy[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const [before, after, length, stride] = [pads[axis]!, pads[rank + axis]!, x.shape[axis]!, strides[axis]!];
    const rest = strides.reduce((sum, s, a) => sum + (a > axis ? s * pads[a]! : 0), 0);
    const margin = (count: number, to: number, from: number): void => {
      const dims = y.shape.map((dim, a) => (a < axis ? dim : a === axis ? count : x.shape[a]!));
      copies.push({
        dims,
        x: strides.with(axis, mode === 'edge' ? 0 : -stride),
        y: strides,
        xOffset: rest + from * stride,
        yOffset: rest + to * stride,
      });
    };
    // Mirrored, y[i] is y[2·before − i], and past the end y[end + i] is y[end − 2 − i].
    const end = before + length;
    margin(before, 0, mode === 'edge' ? before : 2 * before);
    margin(after, end, mode === 'edge' ? end - 1 : end - 2);
  }
  return copies.filter((copy) => !copy.dims.includes(0));
}

const fillValue = (target: TypedArray, dtype: DType, value: number): TypedArray =>
  (target as Float32Array).fill(storedElement(dtype, value) as number);

/** The two 32-bit halves of an element, as the `fill` kernel takes them. */
function halves(dtype: DType, value: number): { low: number; high: number } {
  const element = zeros({ dtype, shape: [1] });
  fillValue(element.data, dtype, value);
  const words = new Uint8Array(8);
  words.set(bytesOf(element));
  const [low, high] = new Int32Array(words.buffer);
  return { low: low!, high: high! };
}

export const pad = /* @__PURE__ */ defineOp({
  name: 'pad',
  inputs: ['x'],
  attrs: { pads: [] as readonly number[], mode: 'constant', value: 0 },
  required: ['pads'],
  traits: {
    zeros: ({ pads, mode, value }) => (mode === 'constant' && value === 0 ? pads : null),
    forwards: ({ pads }) => (pads.every((count) => count === 0) ? 0 : null),
    region(attrs, box, [x]) {
      if (attrs.mode !== 'constant') return null;
      const { starts, sizes } = box;
      const { shape } = x!;
      // Per axis: the part of the box inside x, and what is left of it as margins.
      const at = shape.map((dim, axis) => Math.min(Math.max(starts[axis]! - attrs.pads[axis]!, 0), dim));
      const end = shape.map((dim, axis) =>
        Math.min(Math.max(starts[axis]! + sizes[axis]! - attrs.pads[axis]!, 0), dim),
      );
      const size = at.map((from, axis) => Math.max(0, end[axis]! - from));
      const before = at.map((from, axis) =>
        Math.min(sizes[axis]!, Math.max(0, from + attrs.pads[axis]! - starts[axis]!)),
      );
      const after = size.map((length, axis) => sizes[axis]! - before[axis]! - length);
      return { attrs: { ...attrs, pads: [...before, ...after] }, inputs: [{ starts: at, sizes: size }] };
    },
    permute(attrs, perm, inputs) {
      if (perm.length !== inputs[0]!.shape.length) return null;
      const order = inversePermutation(perm);
      const pads = [0, perm.length].flatMap((from) => order.map((axis) => attrs.pads[from + axis]!));
      return { attrs: { ...attrs, pads }, inputs: ['same'], outputs: [perm] };
    },
  },
  infer(inputs, { pads, mode }) {
    const x = required(inputs, 0, 'x');
    const rank = x.shape.length;
    if (pads.length !== 2 * rank || pads.some((count) => !(count >= 0)))
      throw shapeError(
        'pads',
        `two non-negative entries per axis of ${formatType(x)}`,
        `[${pads.join(',')}]`,
      );
    if (mode !== 'constant' && mode !== 'reflect' && mode !== 'edge')
      throw shapeError('mode', "'constant', 'reflect' or 'edge'", mode);
    const most = {
      constant: () => Infinity,
      reflect: (dim: number) => dim - 1,
      edge: (dim: number) => dim * Infinity,
    };
    x.shape.forEach((dim, axis) => {
      const widest = Math.max(pads[axis]!, pads[rank + axis]!);
      if (widest > 0 && !(widest <= most[mode](dim)))
        throw shapeError(`pads of axis ${axis}`, `at most ${most[mode](dim)} in mode ${mode}`, `${widest}`);
    });
    return [{ dtype: x.dtype, shape: x.shape.map((dim, axis) => dim + pads[axis]! + pads[rank + axis]!) }];
  },
  evaluate([x], { pads, mode, value }, [type]) {
    const y = zeros(type!);
    if (mode === 'constant') fillValue(y.data, type!.dtype, value);
    runCopy(inside(x!.type, pads, type!), x!.data, y.data);
    if (mode !== 'constant')
      for (const copy of margins(x!.type, pads, mode, type!)) runCopy(copy, y.data, y.data);
    return [y];
  },
  lower({ attrs, inputs, outputs }) {
    const { pads, mode, value } = attrs;
    const [x, y] = [inputs[0]!, outputs[0]!];
    const { dtype } = y;
    const body = copyCall(inside(x, pads, y), dtype, { input: 0 }, { output: 0 });
    if (mode !== 'constant') {
      const copies = margins(x, pads, mode, y);
      return loweredCalls([
        body,
        ...copies.map((copy) => copyCall(copy, dtype, { output: 0 }, { output: 0 })),
      ]);
    }
    const params = {
      count: elementCount(y.shape),
      elementBytes: elementSize(dtype),
      ...halves(dtype, value),
    };
    const fill = call('fill', { y: { output: 0 } }, params);
    return loweredCalls(pads.some((count) => count > 0) ? [fill, body] : [body]);
  },
  cost: movementCost,
});
