/**
 * `millrace/layers`: functions from tensors to tensors, to be called in the body of `defineModel`. Shapes are
 * channels-last, weights have PyTorch's names and layouts (see `millrace`).
 *
 * Every layer throws MillraceError MODEL_SHAPE where its inputs do not fit, which the type checker mostly says before;
 * OPTION for an option that it does not have; and MODEL_INVALID outside of `defineModel`, or for a tensor of another
 * network.
 */
export type { Image, Sequence } from '../types/dimensions.ts';
export type * as shapes from '../types/index.ts';
export type { Padding, PerAxis, WindowOptions } from '../types/window.ts';
export * from './activation.ts';
export * from './arithmetic.ts';
export {
  type AttentionOptions,
  type AttentionProjection,
  type HeadsVerdict,
  multiHeadAttention,
} from './attention.ts';
export * from './convolution.ts';
export * from './dense.ts';
export * from './movement.ts';
export * from './normalization.ts';
export * from './pooling.ts';
export { causalMask, type RotaryOptions, sinusoids } from './positions.ts';
export * from './recurrent.ts';
export * from './reduction.ts';
