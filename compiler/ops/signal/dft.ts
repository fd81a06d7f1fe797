/**
 * Fourier transform along an axis of complex numbers, whose real and imaginary parts are the last dimension (or the real
 * part alone). What is longer than `length` is cut off, what is shorter filled up with zeros. `onesided` gives the first
 * half of a real signal's spectrum; its inverse takes that half and gives the real signal. (ONNX DFT-20)
 */
import { elementCount, formatType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { defineOp, shapeError } from '../define/op.ts';
import { requireFloat } from '../define/typing.ts';
import { complex, transformOf } from '../reference/fourier.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

/** Elements of half a spectrum. */
const halfOf = (length: number): number => Math.floor(length / 2) + 1;

export const dft = /* @__PURE__ */ defineOp({
  name: 'dft',
  inputs: ['x'],
  attrs: { length: 1, axis: 1, inverse: false, onesided: false },
  required: ['length', 'axis'],
  traits: {},
  infer(inputs, { length, axis, inverse, onesided }) {
    const x = requireFloat(inputs, 0, 'x');
    const parts = x.shape.at(-1);
    if (x.shape.length < 2 || (parts !== 1 && parts !== 2))
      throw shapeError('input x', '[…, 1] of real numbers or […, 2] of complex ones', formatType(x));
    if (!(axis >= 0 && axis < x.shape.length - 1))
      throw shapeError('axis', `0 to ${x.shape.length - 2}`, `${axis}`);
    if (!(Number.isInteger(length) && length >= 1)) throw shapeError('length', 'at least 1', `${length}`);
    const count = onesided && !inverse ? halfOf(length) : length;
    return [
      { dtype: x.dtype, shape: [...x.shape.slice(0, -1).with(axis, count), onesided && inverse ? 1 : 2] },
    ];
  },
  evaluate(inputs, { length, axis, inverse, onesided }, [type]) {
    const x = present(inputs, 0);
    const reals = realsOf(x);
    const [partsIn, partsOut] = [x.type.shape.at(-1)!, type!.shape.at(-1)!];
    const [given, count] = [x.type.shape[axis]!, type!.shape[axis]!];
    const inner = elementCount(x.type.shape.slice(axis + 1, -1));
    const outer = elementCount(x.type.shape.slice(0, axis));
    const mirrored = onesided && inverse;
    const read = Math.min(given, mirrored ? halfOf(length) : length);
    const transform = transformOf(length);
    const column = complex(length);
    const y = new Float64Array(elementCount(type!.shape));
    const scale = inverse ? 1 / length : 1;
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        column.re.fill(0);
        column.im.fill(0);
        for (let n = 0; n < read; n++) {
          const at = ((o * given + n) * inner + i) * partsIn;
          column.re[n] = reals[at]!;
          column.im[n] = partsIn === 2 ? reals[at + 1]! : 0;
        }
        // The other half of a real signal's spectrum is the conjugate of this one.
        for (let n = length - 1; mirrored && n >= halfOf(length); n--) {
          column.re[n] = column.re[length - n]!;
          column.im[n] = -column.im[length - n]!;
        }
        transform(column, inverse);
        for (let n = 0; n < count; n++) {
          const at = ((o * count + n) * inner + i) * partsOut;
          y[at] = column.re[n]! * scale;
          if (partsOut === 2) y[at + 1] = column.im[n]! * scale;
        }
      }
    return [tensorOfReals(type!, y)];
  },
  host: 'is fast on the host: it takes n·log n steps',
  cost: (inputs, outputs, { length }) => ({
    flops: 5 * elementCount(outputs[0]!.shape) * Math.ceil(Math.log2(length + 1)),
    bytes: trafficOf(inputs, outputs),
  }),
});
