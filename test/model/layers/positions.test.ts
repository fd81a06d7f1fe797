/** Sinusoids by values that can be checked by hand. */
import assert from 'node:assert/strict';
import { add, defineModel, sinusoids, tensor } from 'millrace';
import { fromNumbers, toNumbers } from '../../../compiler/ir/tensor.ts';
import { interpret } from '../../../compiler/ops/constants/interpret.ts';

describe('layers: sinusoids', () => {
  it('sines of wavelengths 2π to 10000·2π, then their cosines', () => {
    const x = tensor('float32', [1, 3, 4]);
    const model = defineModel('positions', { x }, ({ x }) => ({ y: add(x, sinusoids(3, 4)) }));
    const zeros = fromNumbers(x, new Array<number>(12).fill(0));
    const y = toNumbers(interpret(model.graph, new Map([['x', zeros]])).get('y')!);
    const expected = [0, 1, 2].flatMap((t) => [
      Math.sin(t),
      Math.sin(t / 10000),
      Math.cos(t),
      Math.cos(t / 10000),
    ]);
    assert.deepEqual(y, [...Float32Array.from(expected)]);
  });

  it('of no odd number of channels, nor of two', () => {
    for (const channels of [5, 2])
      assert.throws(() => defineModel('odd', {}, () => ({ y: sinusoids(3, channels) })), /four or more/);
  });
});
