/** Checkpoints of Hugging Face, by names and shapes: each parameter of the zoo's networks has its own place in them. */
import assert from 'node:assert/strict';
import type { Model } from 'millrace';
import { huggingface, mapNames, type NameMap, type WeightSet } from 'millrace/weights';
import { bertBase } from '../../examples/zoo/bert.ts';
import { gpt2Small } from '../../examples/zoo/gpt2.ts';

type Shapes = Readonly<Record<string, readonly number[]>>;

const norm = (name: string, width: number): Shapes => ({
  [`${name}.weight`]: [width],
  [`${name}.bias`]: [width],
});
const linear = (name: string, out: number, channels: number): Shapes => ({
  [`${name}.weight`]: [out, channels],
  [`${name}.bias`]: [out],
});
/** The dense layer of GPT-2, with its weight the other way round. */
const conv1d = (name: string, channels: number, out: number): Shapes => ({
  [`${name}.weight`]: [channels, out],
  [`${name}.bias`]: [out],
});
const layers = (of: (n: number) => Shapes): Shapes =>
  Object.assign({}, ...Array.from({ length: 12 }, (_, n) => of(n)));

const bertShapes: Shapes = {
  'embeddings.word_embeddings.weight': [30522, 768],
  'embeddings.position_embeddings.weight': [512, 768],
  'embeddings.token_type_embeddings.weight': [2, 768],
  ...norm('embeddings.LayerNorm', 768),
  ...layers((n) => ({
    ...linear(`encoder.layer.${n}.attention.self.query`, 768, 768),
    ...linear(`encoder.layer.${n}.attention.self.key`, 768, 768),
    ...linear(`encoder.layer.${n}.attention.self.value`, 768, 768),
    ...linear(`encoder.layer.${n}.attention.output.dense`, 768, 768),
    ...norm(`encoder.layer.${n}.attention.output.LayerNorm`, 768),
    ...linear(`encoder.layer.${n}.intermediate.dense`, 3072, 768),
    ...linear(`encoder.layer.${n}.output.dense`, 768, 3072),
    ...norm(`encoder.layer.${n}.output.LayerNorm`, 768),
  })),
  ...linear('pooler.dense', 768, 768),
};

const gpt2Shapes: Shapes = {
  'wte.weight': [50257, 768],
  'wpe.weight': [1024, 768],
  ...layers((n) => ({
    ...norm(`h.${n}.ln_1`, 768),
    ...conv1d(`h.${n}.attn.c_attn`, 768, 2304),
    ...conv1d(`h.${n}.attn.c_proj`, 768, 768),
    ...norm(`h.${n}.ln_2`, 768),
    ...conv1d(`h.${n}.mlp.c_fc`, 768, 3072),
    ...conv1d(`h.${n}.mlp.c_proj`, 3072, 768),
  })),
  ...norm('ln_f', 768),
};

const setOf = (shapes: Shapes): WeightSet => ({
  names: () => Object.keys(shapes),
  get(name) {
    const shape = shapes[name];
    if (shape === undefined) return undefined;
    return { type: { dtype: 'float32', shape }, constant: { kind: 'splat', value: 0 } };
  },
});

/** Every parameter is found, in its shape; every tensor is asked for, and the names of those that are asked for twice. */
function askedTwice(model: Model, shapes: Shapes, map: NameMap): string[] {
  const set = mapNames(setOf(shapes), map);
  const asked = new Map<string, number>();
  for (const { name, type } of model.parameters) {
    assert.deepEqual(set.get(name)?.type, type, name);
    for (const source of set.sourcesOf?.(name) ?? []) asked.set(source, (asked.get(source) ?? 0) + 1);
  }
  assert.deepEqual([...asked.keys()].sort(), Object.keys(shapes).sort());
  return [...asked].filter(([, times]) => times > 1).map(([name, times]) => `${name} ×${times}`);
}

describe('zoo: checkpoints', () => {
  it('each parameter of BERT is a tensor of its own', () =>
    assert.deepEqual(askedTwice(bertBase(), bertShapes, huggingface.bert()), []));

  it('and each of GPT-2, but for queries, keys and values, which are one matrix', () => {
    const fused = Array.from({ length: 12 }, (_, n) =>
      ['weight', 'bias'].map((role) => `h.${n}.attn.c_attn.${role} ×3`),
    ).flat();
    const model = gpt2Small(8);
    assert.deepEqual(askedTwice(model, gpt2Shapes, huggingface.gpt2).sort(), fused.sort());
    for (const [part, column] of Object.entries({ q_proj: 0, k_proj: 768, v_proj: 1536 })) {
      const set = mapNames(setOf(gpt2Shapes), huggingface.gpt2);
      const text = JSON.stringify(set.get(`block1.attention.${part}.weight`));
      assert.ok(text.includes(`"starts":[0,${column}]`), part);
    }
  });
});
