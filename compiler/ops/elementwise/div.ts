/** a / b, broadcast; of integers the quotient truncated towards zero, 0 where b is 0 (ONNX leaves it undefined). */
import { affineTrait, applied, splatLike } from '../define/affine.ts';
import { defineBinary } from './binary.ts';

export const div = defineBinary({
  name: 'div',
  float: (a, b) => a / b,
  integer: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  big: (a, b) => (b === 0n ? 0n : a / b),
  traits: {
    affine: affineTrait({
      right: (c) => ({ scale: applied('reciprocal', c), shift: splatLike(c, 0) }),
      left: () => null,
    }),
  },
});
