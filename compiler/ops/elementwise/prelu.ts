/** x, times slope below zero; the slope is broadcast to x. */
import { formatType, sameShape } from '../../ir/types.ts';
import { shapeError } from '../define/op.ts';
import { defineBinary } from './binary.ts';

export const prelu = defineBinary({
  name: 'prelu',
  inputs: ['x', 'slope'],
  float: (x, slope) => (x < 0 ? x * slope : x),
  big: (x, slope) => (x < 0n ? x * slope : x),
  check(x, slope, output) {
    if (!sameShape(x.shape, output.shape))
      throw shapeError('slope', `a shape that broadcasts to ${formatType(x)}`, formatType(slope));
  },
});
