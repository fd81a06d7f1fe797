import assert from 'node:assert/strict';
import { tensor } from '../ops/run-op.ts';
import { initializer, node } from './make-model.ts';
import { runParts } from './run-model.ts';

const run = (inputs: readonly string[], attributes = {}) =>
  runParts(
    {
      opset: 27,
      nodes: [node('CausalConvWithState', inputs, ['y', 'state'], attributes)],
      inputs: { x: [1, 2, 3] },
      outputs: ['y', 'state'],
      initializers: [
        initializer('w', tensor([2, 1, 2], [1, 2, 10, 1])),
        initializer('b', tensor([2], [0, 100])),
        initializer('past', tensor([1, 2, 1], [7, 8])),
      ],
    },
    { x: tensor([1, 2, 3], [1, 2, 3, 4, 5, 6]) },
  );

describe('CausalConvWithState', () => {
  it('convolves each channel with what came before', async () => {
    const [y, state] = await run(['x', 'w']);
    assert.deepEqual(y, { shape: [1, 2, 3], values: [2, 5, 8, 4, 45, 56] });
    assert.deepEqual(state, { shape: [1, 2, 1], values: [3, 6] });
  });

  it('begins with its state, has a bias and an activation', async () => {
    const [y] = await run(['x', 'w', 'b', 'past']);
    assert.deepEqual(y!.values, [9, 5, 8, 184, 145, 156]);
    const [bent] = await run(['x', 'w', 'b', 'past'], { activation: 'silu' });
    assert.ok(Math.abs(bent!.values[1]! - 5 / (1 + Math.exp(-5))) < 1e-6);
    await assert.rejects(run(['x', 'w'], { activation: 'relu' }), /none, silu or swish/);
  });
});
