/**
 * The model language. A network is a function from input tensors to output tensors, run once by `defineModel`; layers
 * are plain functions of tensors, a block is a function that calls them.
 *
 * Conventions, stated once:
 *
 * - Shapes are channels-last: images [batch, height, width, channels], as they come in JavaScript; sequences
 *   [batch, length, channels]. Axes are counted from 0; negative ones from the end.
 * - Weights have the layout and the names of PyTorch: a convolution has `weight` [filters, channels, …kernel] and
 *   `bias`; a dense layer `weight` [units, channels]; a batch norm `weight`, `bias`, `running_mean`, `running_var`.
 * - A layer's name is the `name` it is given, or its kind, with the names of the scopes around it in front; a
 *   second one of the same name gets a number. A parameter is its layer's name and its role:
 *   `stage1.block2.conv1.weight`.
 * - Shapes are types: `Tensor<'float32', [1, 56, 56, 64]>`. What does not fit does not compile. A size that is not
 *   a literal is `number`, and everything computed from it; `expectShape` makes it a literal again.
 *
 * A block that keeps shapes literal takes the shape as a type parameter, and leaves its result to inference:
 *
 *     function block<S extends Image, F extends number>(x: Tensor<'float32', S>, filters: F) {
 *       const y = relu(batchNorm(conv2d(x, { filters, kernel: 3, padding: 'same' })));
 *       return add(y, expectShapeOf(x.dim(-1) === filters ? x : conv2d(x, { filters, kernel: 1 }), y));
 *     }
 *
 * Sizes in a list or an object need `const F extends number` there, or they widen. `sizeOf(x, -1)` is a literal where
 * `x.dim(-1)` and `x.shape[3]` are numbers, `sizes.times(4, width)` where `4 * width` is one. A loop keeps its type as long as
 * the block keeps the shape; one that changes it (a growing concat) is typed wider (`[1, 56, 56, number]`), and
 * `expectShape` or `expectShapeOf` says afterwards, and checks, what came out.
 */
export {
  defineModel,
  type Inputs,
  type Model,
  type Outputs,
  type Port,
  type Ports,
  parameter,
  parameterCount,
  tensor,
} from './define.ts';
export { type ModelOptions, type Parameter, scope, shared } from './definition.ts';
export type { Initializer } from './init.ts';
export * as init from './init.ts';
// A model module may take its layers from here too: one import is enough.
export * from './layers/index.ts';
export * as sizes from './sizes.ts';
export {
  type AnyTensor,
  expectShape,
  expectShapeOf,
  type Float,
  type FloatTensor,
  sizeOf,
  type Tensor,
} from './tensor.ts';
export { type LoadWeightsOptions, loadWeights } from './weights/load.ts';
export { huggingface } from './weights/maps/huggingface.ts';
export { torchvision } from './weights/maps/torchvision.ts';
export type { WeightSet } from './weights/weight-set.ts';
export { type SafetensorsOptions, toSafetensors } from './weights/write-safetensors.ts';
