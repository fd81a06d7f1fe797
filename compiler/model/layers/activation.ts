/** Functions of one element. */
import type { DType, Shape } from '../../ir/types.ts';
import type { PlainOp } from '../../ops/index.ts';
import { layerName, node } from '../definition.ts';
import type { Float, Tensor } from '../tensor.ts';
import type { AxisVerdict } from '../types/dimensions.ts';

const unary =
  (op: PlainOp) =>
  <D extends Float, S extends Shape>(x: Tensor<D, S>): Tensor<D, S> =>
    node(layerName(op), op, [x]);

/**
 * max(x, 0).
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example relu(image) // [1, 28, 28, 8]
 */
export const relu = unary('relu');

/**
 * 1 / (1 + e⁻ˣ).
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example sigmoid(image) // [1, 28, 28, 8]
 */
export const sigmoid = unary('sigmoid');

/**
 * x · clip(x/6 + 1/2, 0, 1), of MobileNet v3.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example hardSwish(image) // [1, 28, 28, 8]
 */
export const hardSwish = unary('hardSwish');

/**
 * Hyperbolic tangent.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example tanh(image) // [1, 28, 28, 8]
 */
export const tanh = unary('tanh');

/**
 * x · sigmoid(x), also called swish.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example silu(image) // [1, 28, 28, 8]
 */
export const silu = unary('silu');

/**
 * x · tanh(ln(1 + eˣ)) (Misra 2019, arXiv 1908.08681).
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example mish(image) // [1, 28, 28, 8]
 */
export const mish = unary('mish');

/**
 * ln(1 + eˣ).
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example softplus(image) // [1, 28, 28, 8]
 */
export const softplus = unary('softplus');

/**
 * eˣ.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example exp(image) // [1, 28, 28, 8]
 */
export const exp = unary('exp');

/**
 * Natural logarithm.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example log(image) // [1, 28, 28, 8]
 */
export const log = unary('log');

/**
 * Square root.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example sqrt(image) // [1, 28, 28, 8]
 */
export const sqrt = unary('sqrt');

/**
 * 1 / x.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example reciprocal(image) // [1, 28, 28, 8]
 */
export const reciprocal = unary('reciprocal');

/**
 * The error function.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example erf(image) // [1, 28, 28, 8]
 */
export const erf = unary('erf');

/**
 * Absolute value.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example abs(image) // [1, 28, 28, 8]
 */
export const abs = unary('abs');

/**
 * −x.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example neg(image) // [1, 28, 28, 8]
 */
export const neg = unary('neg');

/**
 * The largest whole number that is not above x.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example floor(image) // [1, 28, 28, 8]
 */
export const floor = unary('floor');

/**
 * The smallest whole number that is not below x.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example ceil(image) // [1, 28, 28, 8]
 */
export const ceil = unary('ceil');

/**
 * min(max(x, min), max).
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example clip(image, -1, 1) // [1, 28, 28, 8]
 */
export const clip = <D extends Float, S extends Shape>(
  x: Tensor<D, S>,
  min: number,
  max: number,
): Tensor<D, S> => node(layerName('clip'), 'clip', [x], { min, max });

/**
 * clip(x, 0, 6).
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example relu6(image) // [1, 28, 28, 8]
 */
export const relu6 = <D extends Float, S extends Shape>(x: Tensor<D, S>): Tensor<D, S> => clip(x, 0, 6);

/**
 * x where it is above 0, alpha·x where not.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example leakyRelu(image, 0.1) // [1, 28, 28, 8]
 */
export const leakyRelu = <D extends Float, S extends Shape>(x: Tensor<D, S>, alpha = 0.01): Tensor<D, S> =>
  node(layerName('leakyRelu'), 'leakyRelu', [x], { alpha });

/**
 * x where it is above 0, alpha·(eˣ − 1) where not (Clevert et al. 2015, arXiv 1511.07289).
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example elu(image) // [1, 28, 28, 8]
 */
export const elu = <D extends Float, S extends Shape>(x: Tensor<D, S>, alpha = 1): Tensor<D, S> =>
  node(layerName('elu'), 'elu', [x], { alpha });

/**
 * clip(alpha·x + beta, 0, 1); the defaults are those of MobileNet v3.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example hardSigmoid(image) // [1, 28, 28, 8]
 */
export const hardSigmoid = <D extends Float, S extends Shape>(
  x: Tensor<D, S>,
  alpha = 1 / 6,
  beta = 0.5,
): Tensor<D, S> => node(layerName('hardSigmoid'), 'hardSigmoid', [x], { alpha, beta });

/**
 * x · Φ(x); `tanh` is the approximation that GPT-2 was trained with.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example gelu(words, 'tanh') // [1, 16, 64]
 */
export const gelu = <D extends Float, S extends Shape>(
  x: Tensor<D, S>,
  approximate: 'none' | 'tanh' = 'none',
): Tensor<D, S> => node(layerName('gelu'), 'gelu', [x], { approximate });

const overAxis =
  (op: 'softmax' | 'logSoftmax') =>
  <D extends Float, S extends Shape, const A extends number = -1>(
    x: Tensor<D, S>,
    axis?: A & AxisVerdict<S, A>['problem'],
  ): Tensor<D, S> => {
    const given: number = axis ?? -1;
    return node(layerName(op), op, [x], { axis: given < 0 ? given + x.rank : given });
  };

/**
 * eˣ / Σ eˣ over an axis, the last if none is given.
 * @throws MillraceError MODEL_SHAPE for an axis that x does not have.
 * @example softmax(row) // [1, 64]
 */
export const softmax = overAxis('softmax');

/**
 * The logarithm of `softmax`, over an axis, the last if none is given.
 * @throws MillraceError MODEL_SHAPE for an axis that x does not have.
 * @example logSoftmax(row) // [1, 64]
 */
export const logSoftmax = overAxis('logSoftmax');

/**
 * The same numbers as another dtype, as a C cast; to bool: whether not zero.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example cast(tokens, 'float32') // [1, 16]
 */
export const cast = <S extends Shape, const D extends DType>(x: Tensor<DType, S>, to: D): Tensor<D, S> =>
  node(layerName('cast'), 'cast', [x], { to });
