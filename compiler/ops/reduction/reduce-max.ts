/** The largest element over some axes. (ONNX ReduceMax-20) */
import { defineReduce } from './reduce.ts';

export const reduceMax = defineReduce({
  name: 'reduceMax',
  fn: 'max',
  initial: Number.NEGATIVE_INFINITY,
  combine: Math.max,
});
