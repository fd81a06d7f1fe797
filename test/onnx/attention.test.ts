/** Attention in forms that no runtime at hand runs, beside the same in other forms; and what is refused. */
import assert from 'node:assert/strict';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import { randomTensor, tensor } from '../ops/run-op.ts';
import { assertClose } from '../support/tensors.ts';
import { node } from './make-model.ts';
import { runParts } from './run-model.ts';

const contrib = (op: string, inputs: readonly string[], values: Parameters<typeof node>[3]) => ({
  ...node(op, inputs, ['y'], values),
  domain: 'com.microsoft',
});

const parts = (op: string, inputs: Readonly<Record<string, Tensor>>, values: Parameters<typeof node>[3]) => ({
  nodes: [contrib(op, Object.keys(inputs), values)],
  inputs: Object.fromEntries(Object.entries(inputs).map(([name, { type }]) => [name, type])),
  outputs: ['y'],
  domains: { 'com.microsoft': 1 },
});

async function run(op: string, inputs: Readonly<Record<string, Tensor>>, values = {}): Promise<Tensor> {
  const [result] = await runParts(parts(op, inputs, values), inputs);
  assert.ok(result !== undefined);
  return tensor(result.shape, result.values);
}

/** Tensors [batch, steps, heads, width] side by side as [batch, steps, heads, n, width]. */
function packed(tensors: readonly Tensor[], heads: number, width: number): Tensor {
  const { shape } = tensors[0]!.type;
  const values: number[] = [];
  for (let at = 0; at < tensors[0]!.data.length; at += width)
    for (const one of tensors) values.push(...Array.from(one.data.slice(at, at + width), Number));
  return tensor([shape[0]!, shape[1]!, heads, tensors.length, width], values);
}

describe('attention of com.microsoft', () => {
  const [q, k, v] = [1, 2, 3].map((seed) => randomTensor([2, 3, 8], seed)) as [Tensor, Tensor, Tensor];

  it('takes queries, keys and values packed', async () => {
    const apart = await run('MultiHeadAttention', { q, k, v }, { num_heads: 2 });
    const together = await run('MultiHeadAttention', { qkv: packed([q, k, v], 2, 4) }, { num_heads: 2 });
    assertClose(together, apart, 1e-6);
    const half = await run('MultiHeadAttention', { q, kv: packed([k, v], 2, 4) }, { num_heads: 2 });
    assertClose(half, apart, 1e-6);
  });

  it('refuses heads that do not divide', async () => {
    await assert.rejects(run('MultiHeadAttention', { q, k, v }, { num_heads: 3 }), /a divisor of 8/);
  });
});
