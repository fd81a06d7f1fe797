/** The smallest element over some axes. (ONNX ReduceMin-20) */
import { defineReduce } from './reduce.ts';

export const reduceMin = defineReduce({
  name: 'reduceMin',
  fn: 'min',
  initial: Number.POSITIVE_INFINITY,
  combine: Math.min,
});
