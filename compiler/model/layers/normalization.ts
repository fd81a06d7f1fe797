/** Normalisations with learned parameters, at inference. */
import { layerName, node, parameter } from '../define.ts';
import { constant, type Initializer } from '../initializers.ts';
import type { Tensor } from '../tensor.ts';

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Initial scale. Default 1. */
  readonly scale?: Initializer;
  readonly name?: string;
}

/** (x − mean) / √(variance + ε) · scale + bias for each channel (the last axis), with stored statistics. */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  const name = layerName(options.name ?? 'batchNorm');
  const shape = [x.dim(-1)];
  const inputs = [
    x,
    parameter(name, 'scale', shape, options.scale ?? constant(1)),
    parameter(name, 'bias', shape, constant(0)),
    parameter(name, 'mean', shape, constant(0)),
    parameter(name, 'variance', shape, constant(1)),
  ];
  return node(name, 'batchNorm', inputs, { epsilon: options.epsilon ?? 1e-5, axis: x.rank - 1 })[0]!;
}

/** As batchNorm, with mean and variance of each image's own channels. */
export function instanceNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  const name = layerName(options.name ?? 'instanceNorm');
  const shape = [x.dim(-1)];
  const inputs = [
    x,
    parameter(name, 'scale', shape, options.scale ?? constant(1)),
    parameter(name, 'bias', shape, constant(0)),
  ];
  return node(name, 'instanceNorm', inputs, { epsilon: options.epsilon ?? 1e-5 })[0]!;
}

export interface LocalResponseOptions {
  /** Number of neighbouring channels. */
  readonly size: number;
  readonly alpha?: number;
  readonly beta?: number;
  readonly bias?: number;
}

/** x / (bias + alpha/size · Σ x²)^beta over neighbouring channels (Krizhevsky et al. 2012, §3.3). */
export const localResponseNorm = (x: Tensor, options: LocalResponseOptions): Tensor =>
  node(layerName('lrn'), 'lrn', [x], { ...options })[0]!;
