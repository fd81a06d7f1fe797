/**
 * GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"): a decoder whose last layer is its
 * table of words once more. Parameters have the names that `huggingface.gpt2` maps to checkpoints.
 */
import { defineModel, expectShapeOf, init, parameter, tensor } from 'millrace';
import { add, dense, embedding, narrow } from 'millrace/layers';
import { transformer } from './blocks/transformer.ts';

export interface Gpt2Sizes<V extends number> {
  readonly vocabulary: V;
  /** Longest sequence that there are positions for. */
  readonly positions: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
}

/** Logits of the next word at each of `length` places. */
export const gpt2 = <const T extends number, const V extends number>(
  name: string,
  length: T,
  sizes: Gpt2Sizes<V>,
) =>
  defineModel(name, { tokens: tensor('int32', [1, length]) }, ({ tokens }) => {
    const { vocabulary, positions, layers, width, heads } = sizes;
    const words = parameter('embedding.token.weight', [vocabulary, width], init.normal(0, 0.02));
    const places = parameter('embedding.position.weight', [positions, width], init.normal(0, 0.01));
    const named = embedding(tokens, { entries: vocabulary, units: width, weight: words });
    const x = expectShapeOf(add(named, narrow(places, 0, 0, length)), named);
    const seen = transformer(x, layers, { heads, causal: true, approximate: 'tanh' });
    return { logits: dense(seen, { name: 'logits', units: vocabulary, bias: false, weight: words }) };
  });

/** The smallest, of 124 million. */
export const gpt2Small = <const T extends number>(length: T) =>
  gpt2('gpt2', length, { vocabulary: 50257, positions: 1024, layers: 12, width: 768, heads: 12 });
