/** a − b, broadcast. */
import { affineTrait, applied, splatLike } from '../define/affine.ts';
import { defineBinary } from './binary.ts';

export const sub = defineBinary({
  name: 'sub',
  float: (a, b) => a - b,
  big: (a, b) => a - b,
  traits: {
    affine: affineTrait({
      right: (c) => ({ scale: splatLike(c, 1), shift: applied('neg', c) }),
      left: (c) => ({ scale: splatLike(c, -1), shift: c }),
    }),
  },
});
