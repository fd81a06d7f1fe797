/** The product over some axes; it occurs in shape arithmetic only, so no kernel has it. (ONNX ReduceProd-18) */
import { defineReduce } from './reduce.ts';

export const reduceProd = defineReduce({
  name: 'reduceProd',
  fn: null,
  initial: 1,
  combine: (a, b) => a * b,
});
