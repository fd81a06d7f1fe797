/** The model language: `defineModel`, and layers as plain functions. */
export { defineModel, type Model, type ModelOptions, scope, tensor } from './define.ts';
export { constant, glorot, he, type Initializer, normal, uniform } from './initializers.ts';
export * from './layers/convolution.ts';
export * from './layers/elementwise.ts';
export * from './layers/movement.ts';
export * from './layers/normalization.ts';
export * from './layers/pooling.ts';
export { Tensor } from './tensor.ts';
export * from './weights/index.ts';
