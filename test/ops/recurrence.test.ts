import assert from 'node:assert/strict';
import { checkLowering, lowered } from './run-lowered.ts';
import { assertClose, inferred, randomTensor, refuses, runOp, tensor, values } from './run-op.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('lstm', () => {
  it('types sequences and the last cell', () => {
    assert.equal(inferred('lstm', '[2,7,3] [20,3] [20,5]'), 'float32[2,7,5] float32[2,5]');
    refuses('lstm', '[2,7] [20,3] [20,5]', {}, /input x/);
    refuses('lstm', '[2,7,3] [18,3] [18,5]', {}, /weightIn.*4 gates/s);
    refuses('lstm', '[2,7,3] [20,3] [20,4]', {}, /weightState.*float32\[20,5\]/s);
    refuses('lstm', '[2,7,3] [20,3] [20,5] [5]', {}, /biasIn.*float32\[20\]/s);
    refuses('lstm', '[2,7,3] [20,3] [20,5] - - [1,5]', {}, /h0.*float32\[2,5\]/s);
  });

  it('of one number is what the formula says', () => {
    // Gates i, f, g, o of x = 1, then 2, with weights 1, 2, 3, 4 on x and 0.5 on h.
    const x = tensor([1, 2, 1], [1, 2]);
    const inputs = [x, tensor([4, 1], [1, 2, 3, 4]), tensor([4, 1], [0.5, 0.5, 0.5, 0.5])];
    const c1 = sigmoid(1) * Math.tanh(3);
    const h1 = sigmoid(4) * Math.tanh(c1);
    const c2 = sigmoid(4 + h1 / 2) * c1 + sigmoid(2 + h1 / 2) * Math.tanh(6 + h1 / 2);
    const h2 = sigmoid(8 + h1 / 2) * Math.tanh(c2);
    assertClose(values('lstm', inputs), [h1, h2]);
    assertClose([...(runOp('lstm', inputs)[1]!.data as Float32Array)], [c2]);
  });

  it('in reverse is the reversed sequence in reverse', () => {
    const w = [randomTensor([8, 3], 2), randomTensor([8, 2], 3), randomTensor([8], 4)];
    const forward = values('lstm', [randomTensor([1, 4, 3], 1), ...w]);
    const rows = Array.from(randomTensor([1, 4, 3], 1).data as Float32Array);
    const turned = [3, 2, 1, 0].flatMap((row) => rows.slice(3 * row, 3 * row + 3));
    const backward = values('lstm', [tensor([1, 4, 3], turned), ...w], { reverse: true });
    assertClose(
      [3, 2, 1, 0].flatMap((row) => backward.slice(2 * row, 2 * row + 2)),
      forward,
    );
  });

  it('lowers to a product and a recurrence', () => {
    const plain = [randomTensor([2, 5, 3], 1), randomTensor([20, 3], 2), randomTensor([20, 5], 3)];
    assert.deepEqual(checkLowering('lstm', plain, {}, [1, 2]), ['f32-gemm', 'f32-lstm']);
    const biases = [randomTensor([20], 4), randomTensor([20], 5)];
    const states = [randomTensor([2, 5], 6), randomTensor([2, 5], 7)];
    const all = [...plain, ...biases, ...states];
    checkLowering('lstm', all, { reverse: true }, [1, 2, 3, 4]);
    assert.equal(lowered('lstm', plain, {}, [1]), null);
  });
});

describe('gru', () => {
  it('types sequences', () => {
    assert.equal(inferred('gru', '[2,7,3] [15,3] [15,5]'), 'float32[2,7,5]');
    refuses('gru', '[2,7,3] [16,3] [16,5]', {}, /weightIn.*3 gates/s);
    refuses('gru', '[2,7,3] [15,3] [15,5] - [15] [2,4]', {}, /h0.*float32\[2,5\]/s);
  });

  it('of one number is what the formula says', () => {
    const x = tensor([1, 2, 1], [1, 2]);
    const bias = tensor([3], [0.1, 0.2, 0.3]);
    const inputs = [x, tensor([3, 1], [1, 2, 3]), tensor([3, 1], [0.5, 0.6, 0.7]), null, bias];
    const step = (value: number, h: number): number => {
      const r = sigmoid(value + 0.5 * h + 0.1);
      const z = sigmoid(2 * value + 0.6 * h + 0.2);
      const n = Math.tanh(3 * value + r * (0.7 * h + 0.3));
      return (1 - z) * n + z * h;
    };
    const h1 = step(1, 0);
    assertClose(values('gru', inputs), [h1, step(2, h1)]);
  });

  it('lowers to a product and a recurrence', () => {
    const plain = [randomTensor([2, 5, 3], 1), randomTensor([15, 3], 2), randomTensor([15, 5], 3)];
    assert.deepEqual(checkLowering('gru', plain, {}, [1, 2]), ['f32-gemm', 'f32-gru']);
    const rest = [randomTensor([15], 4), randomTensor([15], 5), randomTensor([2, 5], 6)];
    checkLowering('gru', [...plain, ...rest], { reverse: true }, [1, 2, 3, 4]);
  });
});

describe('recurrentCell', () => {
  const x = tensor([1, 2, 1], [1, 2]);

  it('of one number is what ONNX says', () => {
    const rnn = [x, tensor([1, 1], [0.5]), tensor([1, 1], [2]), tensor([1], [0.1]), tensor([1], [0.2])];
    const h1 = Math.tanh(0.8);
    const h2 = Math.tanh(1.3 + 2 * h1);
    const [y, h] = runOp('recurrentCell', rnn, { cell: 'rnn' });
    assertClose([...(y!.data as Float32Array)], [h1, h2]);
    assertClose([...(h!.data as Float32Array)], [h2]);
    assertClose(
      values('recurrentCell', rnn, { cell: 'rnn', activations: ['Affine'], alphas: [2], betas: [1] }),
      [2.6, 2 * (1.3 + 2 * 2.6) + 1],
    );
    assertClose(values('recurrentCell', rnn, { cell: 'rnn', activations: ['Relu'], clip: 1 }), [0.8, 1]);
  });

  it('resets the state before the product, or the product', () => {
    // Gates z, r, h of x = 1 from a state of 1.
    const one = tensor([1, 1, 1], [1]);
    const inputs = [one, tensor([3, 1], [0, 1, 1]), tensor([3, 1], [0, 1, 2]), null, tensor([3], [0, 0, 3])];
    const all = [...inputs, null, null, tensor([1, 1], [1])];
    const r = sigmoid(2);
    const before = 0.5 * Math.tanh(1 + 2 * r + 3) + 0.5;
    const after = 0.5 * Math.tanh(1 + r * (2 + 3)) + 0.5;
    assertClose(values('recurrentCell', all, { cell: 'gru' }), [before]);
    assertClose(values('recurrentCell', all, { cell: 'gru', resetAfter: true }), [after]);
  });

  it('of LSTM looks at its state, and keeps what it does not take in', () => {
    // Gates i, o, f, c of x = 1 from a state h = 0, c = 2; peepholes 0.1, 0.2, 0.3 for i, o, f.
    const one = tensor([1, 1, 1], [1]);
    const inputs = [one, tensor([4, 1], [1, 2, 3, 4]), tensor([4, 1], [0, 0, 0, 0]), null, null];
    const all = [...inputs, tensor([3], [0.1, 0.2, 0.3]), null, null, tensor([1, 1], [2])];
    const [i, f] = [sigmoid(1.2), sigmoid(3.6)];
    const c = f * 2 + i * Math.tanh(4);
    const h = sigmoid(2 + 0.2 * c) * Math.tanh(c);
    const [y, , last] = runOp('recurrentCell', all, { cell: 'lstm' });
    assertClose([...(y!.data as Float32Array)], [h]);
    assertClose([...(last!.data as Float32Array)], [c]);
    const kept = (1 - i) * 2 + i * Math.tanh(4);
    const coupled = values('recurrentCell', all, { cell: 'lstm', inputForget: true });
    assertClose(coupled, [sigmoid(2 + 0.2 * kept) * Math.tanh(kept)]);
  });

  it('ends where a sequence does, from either side', () => {
    const inputs = [
      tensor([2, 2, 1], [1, 2, 3, 4]),
      tensor([1, 1], [1]),
      tensor([1, 1], [10]),
      null,
      null,
      null,
    ];
    const all = [...inputs, tensor([2], [1, 2], 'int32')];
    const attrs = { cell: 'rnn', activations: ['Relu'] };
    const [y, h] = runOp('recurrentCell', all, attrs);
    assert.deepEqual([...(y!.data as Float32Array)], [1, 0, 3, 34]);
    assert.deepEqual([...(h!.data as Float32Array)], [1, 34]);
    assert.deepEqual(values('recurrentCell', all, { ...attrs, reverse: true }), [1, 0, 43, 4]);
  });

  it('refuses what it does not know', () => {
    refuses('recurrentCell', '[2,3,4] [5,4] [5,5]', { cell: 'lru' }, /cell.*rnn, gru, lstm.*lru/s);
    refuses('recurrentCell', '[2,3,4] [5,4] [5,5]', { cell: 'rnn', activations: ['Cosh'] }, /Cosh/);
    refuses(
      'recurrentCell',
      '[2,3,4] [5,4] [5,5]',
      { cell: 'rnn', activations: ['Tanh', 'Tanh'] },
      /activations.*1/s,
    );
    refuses('recurrentCell', '[2,3,4] [5,4] [5,5]', { cell: 'gru' }, /weightIn.*3 gates/s);
  });
});
