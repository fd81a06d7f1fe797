/**
 * BERT (Devlin et al. 2018, arXiv 1810.04805): an encoder that looks both ways, and a dense layer (the pooler) over its
 * first word. Normalises sums, where later transformers normalise what they add. Parameters have the names that
 * `huggingface.bert` maps to checkpoints.
 */
import { defineModel, expectShapeOf, init, parameter, scope, type Tensor, tensor } from 'millrace';
import {
  add,
  cast,
  dense,
  embedding,
  layerNorm,
  mul,
  multiHeadAttention,
  narrow,
  reshape,
  type Sequence,
  squeeze,
  sub,
  tanh,
} from 'millrace/layers';
import { perceptron } from './blocks/transformer.ts';

export interface BertSizes<W extends number> {
  readonly vocabulary: number;
  /** Longest sequence that there are positions for. */
  readonly positions: number;
  readonly layers: number;
  readonly width: W;
  readonly heads: number;
}

const epsilon = 1e-12;
type Mask = Tensor<'float32', [1, 1, 1, number]>;

function layer<S extends Sequence>(x: Tensor<'float32', S>, mask: Mask, heads: number) {
  const seen = expectShapeOf(multiHeadAttention(x, { name: 'attention', heads, mask }), x);
  const y = layerNorm(expectShapeOf(add(x, seen), x), { name: 'attention.norm', epsilon });
  return layerNorm(expectShapeOf(add(y, perceptron(y, 4 * x.dim(-1))), x), { name: 'mlp.norm', epsilon });
}

/** `segments` are 0 in the first sentence and 1 in the second; `mask` is 1 at words and 0 at what fills up the rest. */
export const bert = <const T extends number, const W extends number>(
  name: string,
  length: T,
  sizes: BertSizes<W>,
) => {
  const words = tensor('int32', [1, length]);
  return defineModel(name, { tokens: words, segments: words, mask: words }, ({ tokens, segments, mask }) => {
    const { vocabulary, positions, layers, width, heads } = sizes;
    const places = parameter('embedding.position.weight', [positions, width], init.normal(0, 0.02));
    const named = embedding(tokens, { name: 'embedding.token', entries: vocabulary, units: width });
    const sides = embedding(segments, { name: 'embedding.segment', entries: 2, units: width });
    const embedded = add(add(named, sides), narrow(places, 0, 0, length));
    let x = layerNorm(expectShapeOf(embedded, named), { name: 'embedding.norm', epsilon });
    // 0 or −1e9, which no sum of scores makes up for, and which leaves a sequence of fillings finite.
    const hidden = mul(sub(cast(reshape(mask, [1, 1, 1, length]), 'float32'), 1), 1e9);
    for (let n = 1; n <= layers; n++) x = scope(`block${n}`, () => layer(x, hidden, heads));
    const first = squeeze(narrow(x, 1, 0, 1), 1);
    return { states: x, pooled: tanh(dense(first, { name: 'pooler', units: width })) };
  });
};

export const bertBase = () =>
  bert('bert_base', 128, { vocabulary: 30522, positions: 512, layers: 12, width: 768, heads: 12 });
