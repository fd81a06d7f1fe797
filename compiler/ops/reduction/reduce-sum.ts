/** The sum over some axes. (ONNX ReduceSum-13) */
import { defineReduce } from './reduce.ts';

export const reduceSum = defineReduce({
  name: 'reduceSum',
  fn: 'sum',
  initial: 0,
  combine: (a, b) => a + b,
});
