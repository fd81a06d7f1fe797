/**
 * The one list of ops: a line for each file of a family. A bundle's host ops come from here too. Definitions are marked
 * as calls without side effects, so that esbuild leaves out the ops of a file that no step needs.
 */
export {
  celu,
  clip,
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  mish,
  prelu,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from './elementwise/activations.ts';
export { abs, add, div, mod, mul, neg, sign, sub } from './elementwise/arithmetic.ts';
export {
  bitCast,
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  shiftLeft,
  shiftRight,
} from './elementwise/bits.ts';
export { cast, fromBfloat16 } from './elementwise/cast.ts';
export {
  equal,
  greater,
  greaterOrEqual,
  isInf,
  isNan,
  less,
  lessOrEqual,
  max,
  min,
} from './elementwise/comparisons.ts';
export { erf, exp, log, pow, reciprocal, sqrt } from './elementwise/exponentials.ts';
export { and, not, or, xor } from './elementwise/logic.ts';
export { ceil, floor, round } from './elementwise/rounding.ts';
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cos,
  cosh,
  sin,
  sinh,
  tan,
} from './elementwise/trigonometry.ts';
export { where } from './elementwise/where.ts';
export { gatherElements, scatterElements } from './indexing/elements.ts';
export { gather } from './indexing/gather.ts';
export { oneHot } from './indexing/one-hot.ts';
export { gatherPoints, scatterPoints } from './indexing/points.ts';
export { tensorScatter } from './indexing/tensor-scatter.ts';
export { conv } from './linear/conv.ts';
export { convTranspose } from './linear/conv-transpose.ts';
export { det } from './linear/det.ts';
export { matmul } from './linear/matmul.ts';
export { depthToSpace, spaceToDepth } from './movement/blocks.ts';
export { concat } from './movement/concat.ts';
export { expand } from './movement/expand.ts';
export { pad } from './movement/pad.ts';
export { resample } from './movement/resample.ts';
export { resize } from './movement/resize.ts';
export { reverseSequence } from './movement/reverse-sequence.ts';
export { slice } from './movement/slice.ts';
export { split } from './movement/split.ts';
export { transpose } from './movement/transpose.ts';
export { trilu } from './movement/trilu.ts';
export { identity, reshape } from './movement/views.ts';
export { batchNorm } from './normalization/batch-norm.ts';
export { instanceNorm } from './normalization/instance-norm.ts';
export { lrn } from './normalization/lrn.ts';
export { layerNorm, rmsNorm } from './normalization/row-norm.ts';
export { logSoftmax, softmax } from './normalization/softmax.ts';
export { averagePool } from './pooling/average-pool.ts';
export { maxPool } from './pooling/max-pool.ts';
export { maxPoolIndices } from './pooling/max-pool-indices.ts';
export { dequantize, quantize } from './quantization/quantize.ts';
export { gru } from './recurrent/gru.ts';
export { lstm } from './recurrent/lstm.ts';
export { recurrentCell } from './recurrent/recurrent-cell.ts';
export { argMax, argMin } from './reduction/arg-extremum.ts';
export { reduceMax, reduceMean, reduceMin, reduceProd, reduceSum } from './reduction/reduce.ts';
export { cumProd, cumSum } from './reduction/scan.ts';
export { topK } from './reduction/top-k.ts';
export { columnsToImage } from './sampling/columns-to-image.ts';
export { deformConv } from './sampling/deform-conv.ts';
export { gridSample } from './sampling/grid-sample.ts';
export { roiAlign } from './sampling/roi-align.ts';
export { compress, nonZero } from './selection/choose.ts';
export { nonMaxSuppression } from './selection/non-max-suppression.ts';
export { trim } from './selection/trim.ts';
export { unique } from './selection/unique.ts';
export { dft } from './signal/dft.ts';
