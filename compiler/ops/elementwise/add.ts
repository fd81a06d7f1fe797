/** a + b, broadcast. */
import { affineTrait, splatLike } from '../define/affine.ts';
import { defineBinary } from './binary.ts';

export const add = defineBinary({
  name: 'add',
  float: (a, b) => a + b,
  big: (a, b) => a + b,
  traits: {
    addition: true,
    affine: affineTrait({
      right: (c) => ({ scale: splatLike(c, 1), shift: c }),
      left: (c) => ({ scale: splatLike(c, 1), shift: c }),
    }),
  },
});
