/** Layers of transformers and recurrent networks: inferred, made, refused. */
import {
  add,
  dense,
  embedding,
  expectShapeOf,
  gelu,
  gru,
  layerNorm,
  lstm,
  matmul,
  mul,
  multiHeadAttention,
  parameter,
  rmsNorm,
  type Sequence,
  silu,
  sizeOf,
  sizes,
  type Tensor,
  transpose,
} from 'millrace';
import { expectType, refused, shapeIs, shapeTyped, within } from './expect-type.ts';

/** As in GPT-2. */
function block<S extends Sequence>(x: Tensor<'float32', S>, heads: number) {
  const seen = add(x, multiHeadAttention(layerNorm(x), { heads, causal: true }));
  const wide = gelu(dense(layerNorm(seen), { units: sizes.times(4, sizeOf(seen, -1)) }), 'tanh');
  return add(seen, dense(wide, { units: sizeOf(seen, -1) }));
}

/** As in Llama. */
function decoder<S extends Sequence, const H extends number>(x: Tensor<'float32', S>, hidden: H) {
  const normal = rmsNorm(x);
  const attended = multiHeadAttention(normal, { heads: 12, keyValueHeads: 4, rotary: true, bias: false });
  const seen = add(x, attended);
  const again = rmsNorm(seen);
  const gate = silu(dense(again, { units: hidden, bias: false }));
  const up = mul(gate, dense(again, { units: hidden, bias: false }));
  return add(seen, dense(up, { units: sizeOf(seen, -1), bias: false }));
}

describe('types: sequences', () => {
  it('layers', () =>
    within(({ tokens, sequence, ids }) => {
      expectType<Tensor<'float32', [2, 128, 768]>>()(layerNorm(rmsNorm(tokens)));
      shapeIs(multiHeadAttention(tokens, { heads: 12 }), [2, 128, 768]);
      shapeIs(multiHeadAttention(tokens, { heads: 12, units: 64, headSize: 10 }), [2, 128, 64]);
      shapeIs(lstm(sequence, { units: 128 }), [1, 100, 128]);
      shapeIs(lstm(sequence, { units: 128, direction: 'both' }), [1, 100, 256]);
      shapeIs(gru(sequence, { units: 96, direction: 'reverse' }), [1, 100, 96]);
      const weight = parameter('wte.weight', [50257, 768]);
      shapeIs(embedding(ids, { entries: 50257, units: 768, weight }), [2, 128, 768]);
      shapeIs(matmul(tokens, transpose(weight, [1, 0])), [2, 128, 50257]);
      const units: number = 7;
      shapeTyped<[1, 100, number]>()(gru(sequence, { units }), [1, 100, 7]);
    }));

  it('blocks, and stacks of them', () =>
    within(({ tokens }) => {
      let x = block(tokens, 12);
      for (let layer = 0; layer < 2; layer++) x = block(x, 12);
      shapeIs(x, [2, 128, 768]);
      let y = tokens;
      for (let layer = 0; layer < 2; layer++) y = decoder(y, 2048);
      shapeIs(y, [2, 128, 768]);
      shapeIs(expectShapeOf(decoder(tokens, 100), tokens), [2, 128, 768]);
    }));

  it('what does not fit is refused', () =>
    within(({ tokens, map, ids, vector, sequence }) => {
      // @ts-expect-error expected [batch, length, channels], got [1, 56, 56, 64]
      refused(() => multiHeadAttention(map, { heads: 2 }));
      // @ts-expect-error expected a multiple of 7 channels, got 768
      refused(() => multiHeadAttention(tokens, { heads: 7 }));
      // @ts-expect-error no such option: dropout
      refused(() => multiHeadAttention(tokens, { heads: 12, dropout: 0.1 }));
      // @ts-expect-error int64 is not float32
      refused(() => layerNorm(ids));
      // @ts-expect-error expected [batch, length, channels], got [1, 25088]
      refused(() => lstm(vector, { units: 3 }));
      // @ts-expect-error no such option: hidden
      refused(() => gru(sequence, { units: 3, hidden: 3 }));
      // @ts-expect-error [1, 100, 768] does not broadcast with [2, 128, 768]
      refused(() => add(tokens, dense(sequence, { units: 768 })));
    }));
});
