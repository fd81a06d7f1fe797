/**
 * Gathers blocks of pixels into channels, x [N, b·H, b·W, C] to y [N, H, W, b²·C]: the inverse of depthToSpace in
 * the same mode. (ONNX SpaceToDepth-13, which is DCR)
 */
import { zeros } from '../../ir/tensor.ts';
import { formatType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, shapeError } from '../define/op.ts';
import { lowerCopies, runCopy } from '../lowering/copy.ts';
import { present } from '../reference/reals.ts';
import { blockAttrs, blockInput, gathering } from './block.ts';

export const spaceToDepth = defineOp({
  name: 'spaceToDepth',
  inputs: ['x'],
  attrs: blockAttrs,
  required: ['blockSize'],
  traits: { movement: true },
  infer(inputs, attrs) {
    const x = blockInput(inputs, attrs);
    const { blockSize: b } = attrs;
    const [n, h, w, c] = x.shape as [number, number, number, number];
    if (h % b !== 0 || w % b !== 0)
      throw shapeError('input x', `height and width in multiples of ${b}`, formatType(x));
    return [{ dtype: x.dtype, shape: [n, h / b, w / b, c * b * b] }];
  },
  evaluate(inputs, attrs, [type]) {
    const x = present(inputs, 0);
    const y = zeros(type!);
    runCopy(gathering(x.type.shape, attrs), x.data, y.data);
    return [y];
  },
  lower: ({ attrs, inputs: [x], outputs: [y] }) => lowerCopies([gathering(x!.shape, attrs)], y!.dtype),
  cost: movementCost,
});
