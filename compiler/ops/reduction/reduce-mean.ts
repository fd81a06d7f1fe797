/** The mean over some axes; over all spatial ones it is global average pooling. (ONNX ReduceMean-18) */
import { defineReduce } from './reduce.ts';

export const reduceMean = defineReduce({
  name: 'reduceMean',
  fn: 'mean',
  initial: 0,
  combine: (a, b) => a + b,
});
