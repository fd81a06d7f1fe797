/**
 * The upper or lower triangle of matrices, zeros elsewhere: element [i, j] stays where j − i ≥ k (upper), or ≤ k. k counts
 * diagonals from the main one, to the right if above zero. (ONNX Trilu-14)
 */
import { zeros } from '../../ir/tensor.ts';
import { elementCount, formatType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { present } from '../reference/reals.ts';

export const trilu = /* @__PURE__ */ defineOp({
  name: 'trilu',
  inputs: ['x'],
  attrs: { upper: true, k: 0 },
  traits: {
    region({ upper, k }, box) {
      const [row, column] = box.starts.slice(-2) as [number, number];
      return { attrs: { upper, k: k + row - column }, inputs: [box] };
    },
  },
  infer(inputs, { k }) {
    const x = required(inputs, 0, 'x');
    if (x.shape.length < 2) throw shapeError('input x', '[…, rows, columns]', formatType(x));
    if (!Number.isInteger(k)) throw shapeError('k', 'an integer', `${k}`);
    return [x];
  },
  evaluate(inputs, { upper, k }, [type]) {
    const { data } = present(inputs, 0);
    const y = zeros(type!);
    const [rows, columns] = type!.shape.slice(-2) as [number, number];
    const matrices = elementCount(type!.shape.slice(0, -2));
    for (let m = 0; m < matrices; m++)
      for (let i = 0; i < rows; i++) {
        const row = (m * rows + i) * columns;
        const edge = Math.min(Math.max(upper ? i + k : i + k + 1, 0), columns);
        for (let j = upper ? edge : 0; j < (upper ? columns : edge); j++) y.data[row + j] = data[row + j]!;
      }
    return [y];
  },
  host: 'cuts masks, which are constants as a rule',
  cost: movementCost,
});
