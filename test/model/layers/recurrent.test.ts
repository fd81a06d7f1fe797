/** Recurrent layers: names, directions, and the engine. */
import assert from 'node:assert/strict';
import { defineModel, dense, gru, lstm, narrow, softmax, squeeze, tensor } from 'millrace';
import { assertNear, checkStreamed, input, valuesOf } from './run-layer.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('lstm and gru', () => {
  it('have the parameters of PyTorch', () => {
    const model = defineModel('names', { x: tensor('float32', [1, 9, 3]) }, ({ x }) => ({
      y: lstm(x, { units: 2, direction: 'both', name: 'encoder' }),
      z: gru(x, { units: 2, bias: false }),
    }));
    assert.deepEqual(model.outputs.y.shape, [1, 9, 4]);
    assert.deepEqual(
      model.parameters.map(({ name, type }) => `${name} [${type.shape}]`),
      [
        ...['encoder.weight_ih_l0 [8,3]', 'encoder.weight_hh_l0 [8,2]'],
        ...['encoder.bias_ih_l0 [8]', 'encoder.bias_hh_l0 [8]'],
        ...['encoder.weight_ih_l0_reverse [8,3]', 'encoder.weight_hh_l0_reverse [8,2]'],
        ...['encoder.bias_ih_l0_reverse [8]', 'encoder.bias_hh_l0_reverse [8]'],
        ...['gru.weight_ih_l0 [6,3]', 'gru.weight_hh_l0 [6,2]'],
      ],
    );
  });

  it('run both ways, and put the results side by side', () => {
    const weights = { 'lstm.weight_ih_l0': [1, 2, 3, 4], 'lstm.weight_hh_l0': [0, 0, 0, 0] };
    const reversed = { 'lstm.weight_ih_l0_reverse': [1, 2, 3, 4], 'lstm.weight_hh_l0_reverse': [0, 0, 0, 0] };
    const y = valuesOf(
      input([1, 2, 1], [1, 2]),
      (x) => lstm(x, { units: 1, direction: 'both', bias: false }),
      { ...weights, ...reversed },
    );
    const step = (x: number, c: number): [h: number, c: number] => {
      const next = sigmoid(2 * x) * c + sigmoid(x) * Math.tanh(3 * x);
      return [sigmoid(4 * x) * Math.tanh(next), next];
    };
    const [f1, c1] = step(1, 0);
    const [f2] = step(2, c1);
    const [b2, d2] = step(2, 0);
    const [b1] = step(1, d2);
    assertNear(y, [f1, b1, f2, b2]);
  });

  it('run streamed in the engine', async () => {
    for (const direction of ['forward', 'reverse', 'both'] as const)
      await checkStreamed(
        defineModel('words', { x: tensor('float32', [2, 20, 13]) }, ({ x }) => {
          const heard = gru(lstm(x, { units: 24, direction }), { units: 17, direction });
          const last = squeeze(narrow(heard, 1, 19, 1), 1);
          return { probs: softmax(dense(last, { units: 5 })) };
        }),
      );
  });
});
