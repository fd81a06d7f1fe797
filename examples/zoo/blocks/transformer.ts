/**
 * A layer of most transformers since GPT-2 (Radford et al. 2019, §2.3): attention and a perceptron, each added to what
 * came in, and each normalising its input and not its output.
 */
import { expectShapeOf, scope, type Tensor } from 'millrace';
import { add, dense, gelu, layerNorm, multiHeadAttention, type Sequence } from 'millrace/layers';

export interface BlockOptions {
  readonly heads: number;
  readonly causal?: boolean;
  /** Whether keys have one. Default true. */
  readonly keyBias?: boolean;
  readonly epsilon?: number;
  readonly approximate?: 'none' | 'tanh';
}

/** Four times as wide, and back. */
export function perceptron<S extends Sequence>(
  x: Tensor<'float32', S>,
  hidden: number,
  approximate: 'none' | 'tanh' = 'none',
) {
  const up = gelu(dense(x, { name: 'mlp.up', units: hidden }), approximate);
  return expectShapeOf(dense(up, { name: 'mlp.down', units: x.dim(-1) }), x);
}

function block<S extends Sequence>(x: Tensor<'float32', S>, options: BlockOptions) {
  const { heads, causal = false, keyBias = true, epsilon = 1e-5, approximate } = options;
  const bias = { k_proj: keyBias };
  const before = layerNorm(x, { name: 'attention.norm', epsilon });
  const seen = expectShapeOf(multiHeadAttention(before, { name: 'attention', heads, causal, bias }), before);
  const y = expectShapeOf(add(x, seen), x);
  const between = layerNorm(y, { name: 'mlp.norm', epsilon });
  return expectShapeOf(add(y, perceptron(between, 4 * x.dim(-1), approximate)), x);
}

/** So many layers, called block1, block2, …, and the normalisation after the last. */
export function transformer<S extends Sequence>(
  x: Tensor<'float32', S>,
  layers: number,
  options: BlockOptions,
) {
  let y = x;
  for (let n = 1; n <= layers; n++) y = scope(`block${n}`, () => block(y, options));
  return layerNorm(y, { name: 'norm', epsilon: options.epsilon ?? 1e-5 });
}
