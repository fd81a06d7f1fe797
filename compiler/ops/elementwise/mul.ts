/** a · b, broadcast. */
import { affineTrait, splatLike } from '../define/affine.ts';
import { defineBinary } from './binary.ts';

export const mul = defineBinary({
  name: 'mul',
  float: (a, b) => a * b,
  // The product of two 32-bit integers does not fit a number's 53 bits.
  integer: Math.imul,
  big: (a, b) => a * b,
  traits: {
    affine: affineTrait({
      right: (c) => ({ scale: c, shift: splatLike(c, 0) }),
      left: (c) => ({ scale: c, shift: splatLike(c, 0) }),
    }),
  },
});
