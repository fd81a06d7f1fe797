/** Spreads channels over blocks of pixels, x [N, H, W, b²·C] to y [N, b·H, b·W, C]. (ONNX DepthToSpace-13) */
import { zeros } from '../../ir/tensor.ts';
import { formatType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, shapeError } from '../define/op.ts';
import { lowerCopies, runCopy } from '../lowering/copy.ts';
import { present } from '../reference/reals.ts';
import { blockAttrs, blockInput, spreading } from './block.ts';

export const depthToSpace = defineOp({
  name: 'depthToSpace',
  inputs: ['x'],
  attrs: blockAttrs,
  required: ['blockSize'],
  traits: { movement: true },
  infer(inputs, attrs) {
    const x = blockInput(inputs, attrs);
    const { blockSize: b } = attrs;
    const [n, h, w, c] = x.shape as [number, number, number, number];
    if (c % (b * b) !== 0) throw shapeError('input x', `a multiple of ${b * b} channels`, formatType(x));
    return [{ dtype: x.dtype, shape: [n, h * b, w * b, c / (b * b)] }];
  },
  evaluate(inputs, attrs, [type]) {
    const y = zeros(type!);
    runCopy(spreading(type!.shape, attrs), present(inputs, 0).data, y.data);
    return [y];
  },
  lower: ({ attrs, outputs: [y] }) => lowerCopies([spreading(y!.shape, attrs)], y!.dtype),
  cost: movementCost,
});
