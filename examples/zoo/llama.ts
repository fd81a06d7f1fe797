/**
 * Llama (Touvron et al. 2023, arXiv 2302.13971, with the grouped queries of 2307.09288): a decoder with rotary positions,
 * norms without means, a gated perceptron (SwiGLU, Shazeer 2020, arXiv 2002.05202), and no biases. Queries and keys are in
 * the order of Hugging Face's checkpoints: element i of a head turns with element i + size/2.
 */
import { defineModel, expectShapeOf, init, parameter, scope, type Tensor, tensor } from 'millrace';
import {
  add,
  dense,
  embedding,
  mul,
  multiHeadAttention,
  rmsNorm,
  type Sequence,
  silu,
} from 'millrace/layers';

export interface LlamaSizes<V extends number> {
  readonly vocabulary: V;
  readonly layers: number;
  readonly width: number;
  readonly hidden: number;
  readonly heads: number;
  /** Each shared by heads / keyValueHeads of the others. */
  readonly keyValueHeads: number;
  /** Whether the last layer is the table of words. */
  readonly tied: boolean;
}

function gated<S extends Sequence>(x: Tensor<'float32', S>, hidden: number) {
  const gate = silu(dense(x, { name: 'mlp.gate', units: hidden, bias: false }));
  const up = dense(x, { name: 'mlp.up', units: hidden, bias: false });
  const through = mul(gate, expectShapeOf(up, gate));
  return dense(expectShapeOf(through, gate), { name: 'mlp.down', units: x.dim(-1), bias: false });
}

function layer<S extends Sequence>(x: Tensor<'float32', S>, sizes: LlamaSizes<number>) {
  const { heads, keyValueHeads, hidden } = sizes;
  const before = rmsNorm(x, { name: 'attention.norm' });
  const seen = multiHeadAttention(before, {
    ...{ name: 'attention', heads, keyValueHeads },
    ...{ causal: true, rotary: true, bias: false },
  });
  const y = expectShapeOf(add(x, expectShapeOf(seen, x)), x);
  const between = rmsNorm(y, { name: 'mlp.norm' });
  return expectShapeOf(add(y, expectShapeOf(gated(between, hidden), y)), x);
}

/** Logits of the next word at each of `length` places. */
export const llama = <const T extends number, const V extends number>(
  name: string,
  length: T,
  sizes: LlamaSizes<V>,
) =>
  defineModel(name, { tokens: tensor('int32', [1, length]) }, ({ tokens }) => {
    const { vocabulary, layers, width, tied } = sizes;
    const words = parameter('embedding.token.weight', [vocabulary, width], init.normal(0, 0.02));
    let x = embedding(tokens, { entries: vocabulary, units: width, weight: words });
    for (let n = 1; n <= layers; n++) x = scope(`block${n}`, () => layer(x, sizes));
    const last = { name: 'logits', units: vocabulary, bias: false, ...(tied ? { weight: words } : {}) };
    return { logits: dense(rmsNorm(x, { name: 'norm' }), last) };
  });

/** The smallest that tells stories (karpathy/tinyllamas, stories260K). */
export const llama260k = <const T extends number>(length: T) =>
  llama('llama_260k', length, {
    ...{ vocabulary: 512, layers: 5, width: 64, hidden: 172 },
    ...{ heads: 8, keyValueHeads: 4, tied: true },
  });

/** TinyLlama (Zhang et al. 2024, arXiv 2401.02385). */
export const tinyLlama = <const T extends number>(length: T) =>
  llama('tinyllama', length, {
    ...{ vocabulary: 32000, layers: 22, width: 2048, hidden: 5632 },
    ...{ heads: 32, keyValueHeads: 4, tied: false },
  });
