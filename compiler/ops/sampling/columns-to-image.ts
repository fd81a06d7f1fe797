/**
 * Columns [N, C·blocks, L] added up to an image [N, C, …spatial]: column l holds what block l of a sliding window reads.
 * The inverse of taking the blocks out, but that what overlaps is summed. Channels come first, as blocks do.
 * (ONNX Col2Im-18)
 */
import { elementCount, formatType, stridesOf } from '../../ir/types.ts';
import { elementwiseCost } from '../define/elementwise.ts';
import { defineOp, requireRank, shapeError } from '../define/op.ts';
import { numbers } from '../define/typing.ts';
import { checkWindow, outputExtents } from '../lowering/window.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

export const columnsToImage = /* @__PURE__ */ defineOp({
  name: 'columnsToImage',
  inputs: ['x'],
  attrs: { image: numbers, block: numbers, strides: numbers, dilations: numbers, pads: numbers },
  required: ['image', 'block', 'strides', 'dilations', 'pads'],
  traits: {},
  infer(inputs, attrs) {
    const x = requireRank(inputs, 0, 'x', 3);
    const { image, block } = attrs;
    checkWindow(image.length, block, attrs);
    const count = elementCount(outputExtents(image, block, attrs));
    const size = elementCount(block);
    if (x.shape[1]! % size !== 0 || x.shape[2] !== count)
      throw shapeError('input x', `[batch, channels × ${size}, ${count}]`, formatType(x));
    return [{ dtype: x.dtype, shape: [x.shape[0]!, x.shape[1]! / size, ...image] }];
  },
  evaluate(inputs, attrs, [type]) {
    const x = present(inputs, 0);
    const { image, block, strides, dilations, pads } = attrs;
    const columns = realsOf(x);
    const along = outputExtents(image, block, attrs);
    const [size, count] = [elementCount(block), elementCount(along)];
    const [blockSteps, windowSteps, imageSteps] = [stridesOf(block), stridesOf(along), stridesOf(image)];
    const y = new Float64Array(elementCount(type!.shape));
    const pixels = elementCount(image);
    for (let k = 0; k < size; k++)
      for (let l = 0; l < count; l++) {
        let to = 0;
        for (let axis = 0; axis < image.length && to >= 0; axis++) {
          const tap = Math.floor(k / blockSteps[axis]!) % block[axis]!;
          const window = Math.floor(l / windowSteps[axis]!) % along[axis]!;
          const at = window * strides[axis]! - pads[axis]! + tap * dilations[axis]!;
          to = at >= 0 && at < image[axis]! ? to + at * imageSteps[axis]! : -1;
        }
        if (to < 0) continue;
        const planes = x.type.shape[0]! * type!.shape[1]!;
        for (let plane = 0; plane < planes; plane++)
          y[plane * pixels + to]! += columns[(plane * size + k) * count + l]!;
      }
    return [tensorOfReals(type!, y)];
  },
  host: 'adds up overlapping blocks, which few networks do',
  cost: elementwiseCost,
});
