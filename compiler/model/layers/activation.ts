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

export const relu = unary('relu');
export const sigmoid = unary('sigmoid');
export const hardSwish = unary('hardSwish');
export const tanh = unary('tanh');
/** x · sigmoid(x), also called swish. */
export const silu = unary('silu');
export const mish = unary('mish');
export const softplus = unary('softplus');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const reciprocal = unary('reciprocal');
export const erf = unary('erf');
export const abs = unary('abs');
export const neg = unary('neg');
export const floor = unary('floor');
export const ceil = unary('ceil');

export const clip = <D extends Float, S extends Shape>(
  x: Tensor<D, S>,
  min: number,
  max: number,
): Tensor<D, S> => node(layerName('clip'), 'clip', [x], { min, max });

export const relu6 = <D extends Float, S extends Shape>(x: Tensor<D, S>): Tensor<D, S> => clip(x, 0, 6);

export const leakyRelu = <D extends Float, S extends Shape>(x: Tensor<D, S>, alpha = 0.01): Tensor<D, S> =>
  node(layerName('leakyRelu'), 'leakyRelu', [x], { alpha });

export const elu = <D extends Float, S extends Shape>(x: Tensor<D, S>, alpha = 1): Tensor<D, S> =>
  node(layerName('elu'), 'elu', [x], { alpha });

/** clip(alpha·x + beta, 0, 1); the defaults are those of MobileNet v3. */
export const hardSigmoid = <D extends Float, S extends Shape>(
  x: Tensor<D, S>,
  alpha = 1 / 6,
  beta = 0.5,
): Tensor<D, S> => node(layerName('hardSigmoid'), 'hardSigmoid', [x], { alpha, beta });

/** x · Φ(x); `tanh` is the approximation that GPT-2 was trained with. */
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

/** eˣ / Σ eˣ over an axis, the last if none is given. */
export const softmax = overAxis('softmax');
export const logSoftmax = overAxis('logSoftmax');

/** The same numbers as another dtype, as a C cast; to bool: whether not zero. */
export const cast = <S extends Shape, const D extends DType>(x: Tensor<DType, S>, to: D): Tensor<D, S> =>
  node(layerName('cast'), 'cast', [x], { to });
