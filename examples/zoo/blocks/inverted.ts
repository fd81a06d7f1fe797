/**
 * The inverted residual of MobileNet v2 (Sandler et al. 2018, arXiv 1801.04381): 1×1 up, a depthwise convolution, 1×1
 * down without an activation, around a shortcut where the shape stays. MobileNet v3 and EfficientNet give the middle
 * gates for its channels (Hu et al. 2017, arXiv 1709.01507).
 */
import type { Tensor } from 'millrace';
import { add, conv2d, globalAveragePool, type Image, mul, relu, sigmoid } from 'millrace/layers';
import { convNorm, depthwiseNorm } from './convolution.ts';

/** Images of any size: these networks are tables, whose rows the checker sees as numbers. */
export type Images = Tensor<'float32', Image>;
type Activation = (x: Images) => Images;

export interface Inverted {
  readonly kernel: number;
  /** Channels in the middle. */
  readonly width: number;
  readonly filters: number;
  readonly stride: number;
  readonly activation: Activation;
  /** Applied to the middle. */
  readonly gate?: Activation | undefined;
  readonly epsilon?: number;
  /** Scale of the last normalisation: such that seeded weights neither lose their signal nor drown it. */
  readonly scale: number;
}

/** A factor between 0 and 1 for every channel, from the means of all. */
export function excite(
  x: Images,
  squeezed: number,
  activation: Activation = relu,
  gate: Activation = sigmoid,
) {
  const means = globalAveragePool(x, { keepDims: true });
  const few = activation(conv2d(means, { name: 'squeeze', filters: squeezed, kernel: 1 }));
  const gates = gate(conv2d(few, { name: 'excite', filters: x.dim(-1), kernel: 1 }));
  return mul(x, gates);
}

export function inverted(x: Images, options: Inverted): Images {
  const { kernel, width, filters, stride, activation, gate, epsilon = 1e-5, scale } = options;
  const norm = { epsilon };
  const channels = x.dim(-1);
  const wide =
    width === channels ? x : activation(convNorm(x, { name: 'expand', filters: width, kernel: 1 }, norm));
  const window = { name: 'depthwise', kernel, stride, padding: (kernel - 1) / 2 };
  const deep = activation(depthwiseNorm(wide, window, norm));
  const gated = gate === undefined ? deep : gate(deep);
  const y = convNorm(gated, { name: 'project', filters, kernel: 1 }, { epsilon, scale });
  return stride === 1 && channels === filters ? add(x, y) : y;
}
