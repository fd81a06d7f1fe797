/** Determinants of the square matrices in the last two axes, by elimination with the largest pivot. (ONNX Det-22) */
import { elementCount, formatType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { requireFloat } from '../define/typing.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

/** Of one matrix, which is overwritten. */
function determinant(m: Float64Array, n: number): number {
  let product = 1;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let row = k + 1; row < n; row++)
      if (Math.abs(m[row * n + k]!) > Math.abs(m[pivot * n + k]!)) pivot = row;
    const largest = m[pivot * n + k]!;
    product *= pivot === k ? largest : -largest;
    if (largest === 0) return 0;
    for (let j = k; pivot !== k && j < n; j++)
      [m[k * n + j], m[pivot * n + j]] = [m[pivot * n + j]!, m[k * n + j]!];
    for (let row = k + 1; row < n; row++) {
      const factor = m[row * n + k]! / largest;
      for (let j = k; j < n; j++) m[row * n + j]! -= factor * m[k * n + j]!;
    }
  }
  return product;
}

export const det = /* @__PURE__ */ defineOp({
  name: 'det',
  inputs: ['x'],
  attrs: {},
  traits: {},
  infer(inputs) {
    const x = requireFloat(inputs, 0, 'x');
    const [rows, columns] = x.shape.slice(-2);
    if (x.shape.length < 2 || rows !== columns) throw shapeError('input x', '[…, n, n]', formatType(x));
    return [{ dtype: x.dtype, shape: x.shape.slice(0, -2) }];
  },
  evaluate(inputs, _attrs, [type]) {
    const x = present(inputs, 0);
    const n = x.type.shape.at(-1)!;
    const all = Float64Array.from(realsOf(x));
    const y = new Float64Array(elementCount(type!.shape));
    for (let i = 0; i < y.length; i++) y[i] = determinant(all.subarray(i * n * n, (i + 1) * n * n), n);
    return [tensorOfReals(type!, y)];
  },
  host: 'is of small matrices',
  cost: (inputs, outputs) => ({
    flops:
      (2 / 3) * elementCount(required(inputs, 0, 'x').shape) * (required(inputs, 0, 'x').shape.at(-1) ?? 0),
    bytes: trafficOf(inputs, outputs),
  }),
});
