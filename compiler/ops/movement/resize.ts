/**
 * Resizing along any dimensions, by the nearest element or linearly between neighbours. Separable: each dimension
 * has a table of taps (`resize-taps.ts`), made at compile time; the kernel and the reference both read it.
 * (ONNX Resize-19, modes nearest and linear)
 */
import type { TypedConstant } from '../../ir/constant.ts';
import { elementCount, type TensorType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { defineOp, required } from '../define/op.ts';
import { numbers } from '../define/typing.ts';
import { lowerCopies } from '../lowering/copy.ts';
import { allFloat32 } from '../lowering/panels.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';
import { checkResize, isIdentity, type ResizeAttrs, type Tap, tapsOf } from './resize-taps.ts';

/** The taps of every dimension. */
const tables = (x: TensorType, y: TensorType, attrs: ResizeAttrs): Tap[][] =>
  x.shape.map((input, axis) => tapsOf(input, y.shape[axis]!, attrs.scales[axis]!, attrs));

/** Rows then columns of taps, as `f32-resize` reads them. */
function packTaps(taps: readonly Tap[]): TypedConstant {
  const bytes = new Uint8Array(16 * taps.length);
  const view = new DataView(bytes.buffer);
  taps.forEach(({ low, high, lowWeight, highWeight }, i) => {
    view.setInt32(16 * i, low, true);
    view.setInt32(16 * i + 4, high, true);
    view.setFloat32(16 * i + 8, lowWeight, true);
    view.setFloat32(16 * i + 12, highWeight, true);
  });
  return { type: { dtype: 'uint8', shape: [bytes.length] }, constant: { kind: 'inline', bytes } };
}

/** Where element i of a new dimension is element i of the old one. */
const still: readonly Tap[] = [{ low: 0, high: 0, lowWeight: 1, highWeight: 0 }];

export const resize = /* @__PURE__ */ defineOp({
  name: 'resize',
  inputs: ['x'],
  attrs: {
    shape: numbers,
    scales: numbers,
    mode: 'nearest',
    coordinates: 'half_pixel',
    nearest: 'round_prefer_floor',
  },
  required: ['shape', 'scales'],
  traits: {
    permute(attrs, perm) {
      const moved = (values: readonly number[]): number[] =>
        perm.map((_, axis) => values[perm.indexOf(axis)]!);
      return {
        attrs: { ...attrs, shape: moved(attrs.shape), scales: moved(attrs.scales) },
        inputs: ['same'],
        outputs: [perm],
      };
    },
  },

  infer(inputs, attrs) {
    const x = required(inputs, 0, 'x');
    checkResize(x, attrs);
    return [{ dtype: x.dtype, shape: [...attrs.shape] }];
  },

  evaluate(inputs, attrs, [type]) {
    const x = present(inputs, 0);
    const taps = tables(x.type, type!, attrs);
    const shape = [...x.type.shape];
    let from = realsOf(x);
    // The last dimension first, as in the kernel: columns are blended within each row, then rows.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const table = taps[axis]!;
      if (isIdentity(table, shape[axis]!)) continue;
      const outer = elementCount(shape.slice(0, axis));
      const inner = elementCount(shape.slice(axis + 1));
      const to = new Float64Array(outer * table.length * inner);
      for (let o = 0; o < outer; o++)
        table.forEach(({ low, high, lowWeight, highWeight }, t) => {
          const lowAt = (o * shape[axis]! + low) * inner;
          const highAt = (o * shape[axis]! + high) * inner;
          const toAt = (o * table.length + t) * inner;
          for (let i = 0; i < inner; i++)
            to[toAt + i] =
              highWeight === 0
                ? from[lowAt + i]!
                : from[lowAt + i]! * lowWeight + from[highAt + i]! * highWeight;
        });
      shape[axis] = table.length;
      from = to;
    }
    return [tensorOfReals(type!, Float64Array.from(from))];
  },

  lower({ attrs, inputs, outputs }) {
    const x = inputs[0]!;
    const y = outputs[0]!;
    if (!allFloat32(x, y) || elementCount(x.shape) === 0) return null;
    const taps = tables(x, y, attrs);
    const changed = taps.flatMap((table, axis) => (isIdentity(table, x.shape[axis]!) ? [] : [axis]));
    const [first, last] = [changed[0], changed.at(-1)];
    if (first === undefined || last === undefined) {
      const copy = { dims: [elementCount(x.shape)], x: [1], y: [1], xOffset: 0, yOffset: 0 };
      return lowerCopies([copy], x.dtype);
    }
    // Two resized dimensions with nothing but 1s between them are the kernel's rows and columns; one is its rows.
    if (changed.length > 2 || x.shape.slice(first + 1, last).some((dim) => dim !== 1)) return null;
    const [rows, columns] = [taps[first]!, first === last ? still : taps[last]!];
    return {
      calls: [
        call(
          'f32-resize',
          { y: { output: 0 }, x: { input: 0 }, w: { weight: 0 } },
          {
            batch: elementCount(x.shape.slice(0, first)),
            inH: x.shape[first]!,
            inW: first === last ? 1 : x.shape[last]!,
            outH: rows.length,
            outW: columns.length,
            channels: elementCount(x.shape.slice(last + 1)),
            mode: attrs.mode === 'linear' ? 'linear' : 'nearest',
          },
        ),
      ],
      weights: [{ layout: 'raw', parts: [packTaps([...rows, ...columns])] }],
      scratch: [],
    };
  },

  cost: (inputs, outputs, { mode }) => ({
    flops: mode === 'linear' ? 7 * elementCount(outputs[0]!.shape) : 0,
    bytes: trafficOf(inputs, outputs),
  }),
});
