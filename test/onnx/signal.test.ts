/** Spectra, windows, losses, and ops of the first version: what imports make of them. */
import assert from 'node:assert/strict';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import { assertClose, iota, tensor } from '../ops/run-op.ts';
import { type attributes, initializer, node } from './make-model.ts';
import { one, runParts } from './run-model.ts';

const scalar = (name: string, value: number, dtype: 'int64' | 'float32' = 'int64') =>
  initializer(name, tensor([], [value], dtype));

/** A node whose operands are all constant. */
const constant = async (
  op: string,
  operands: readonly ReturnType<typeof scalar>[],
  values: Parameters<typeof attributes>[0] = {},
) => {
  const [result] = await runParts({
    nodes: [
      node(
        op,
        operands.map(({ name }) => name!),
        ['y'],
        values,
      ),
    ],
    outputs: ['y'],
    initializers: operands,
  });
  return result!;
};

describe('spectra in ONNX', () => {
  it('DFT has its axis as an attribute, then as an operand', async () => {
    const x = tensor([1, 2, 1, 1], [1, 3]);
    assertClose((await one(17, 'DFT', x)).values, [4, 0, -2, 0]);
    const axis = [scalar('n', 2), scalar('axis', 1)];
    assertClose((await one(20, 'DFT', x, {}, axis)).values, [4, 0, -2, 0]);
    assertClose((await one(20, 'DFT', x)).values, [1, 0, 3, 0]);
  });

  it('STFT frames the signal, weighs the frames and transforms them', async () => {
    const x = tensor([1, 6, 1], [1, 2, 3, 4, 5, 6]);
    const window = initializer('w', tensor([2], [1, 0.5]));
    const framed = await one(17, 'STFT', x, {}, [scalar('step', 2), window]);
    assert.deepEqual(framed.shape, [1, 3, 2, 2]);
    // Frames [1, 1], [3, 2], [5, 3]: sums and differences.
    assertClose(framed.values, [2, 0, 0, 0, 5, 0, 1, 0, 8, 0, 2, 0]);
    const flat = tensor([1, 6], [1, 2, 3, 4, 5, 6]);
    const whole = await one(17, 'STFT', flat, { onesided: 0 }, [scalar('step', 2), window]);
    assertClose(whole.values, framed.values);
  });

  it('windows are periodic unless they are to be symmetric', async () => {
    const window = async (op: string, size: number, periodic: number): Promise<number[]> =>
      (await constant(op, [scalar('size', size)], { periodic })).values;
    assertClose(await window('HannWindow', 4, 1), [0, 0.5, 1, 0.5]);
    assertClose(await window('HannWindow', 5, 0), [0, 0.5, 1, 0.5, 0]);
    assertClose(await window('HammingWindow', 2, 1), [4 / 46, 1]);
    assertClose(await window('BlackmanWindow', 4, 1), [0, 0.34, 1, 0.34]);
    assert.deepEqual(await window('HannWindow', 1, 0), [1]);
    assert.deepEqual(await window('HannWindow', 0, 1), []);
  });

  it('MelWeightMatrix is triangles between edges on the mel scale', async () => {
    const operands = [
      ...[2, 16, 8192].map((n, i) => scalar(`i${i}`, n)),
      ...[0, 4096].map((n, i) => scalar(`f${i}`, n, 'float32')),
    ];
    // Edges at 0, 432, 1132 and 2264 Hz are in bins 0, 0, 2 and 4.
    const { shape, values } = await constant('MelWeightMatrix', operands);
    assert.deepEqual(shape, [9, 2]);
    const band = (i: number): number[] => values.filter((_, n) => n % 2 === i);
    assertClose(band(0), [1, 0.5, 0, 0, 0, 0, 0, 0, 0]);
    assertClose(band(1), [0, 0.5, 1, 0.5, 0, 0, 0, 0, 0]);
  });
});

describe('losses', () => {
  const logs = tensor([3, 2], [-1, -2, -3, -4, -5, -6]);
  const labels = initializer('t', tensor([3], [0, 1, 1], 'int64'));
  const weight = initializer('w', tensor([2], [1, 3]));
  const loss = async (values: Parameters<typeof attributes>[0], operands = [labels]): Promise<number[]> =>
    (await one(13, 'NegativeLogLikelihoodLoss', logs, values, operands)).values;

  it('pick, weigh and reduce', async () => {
    assertClose(await loss({ reduction: 'none' }), [1, 4, 6]);
    assertClose(await loss({ reduction: 'sum' }), [11]);
    assertClose(await loss({}), [11 / 3]);
    assertClose(await loss({ reduction: 'none' }, [labels, weight]), [1, 12, 18]);
    assertClose(await loss({}, [labels, weight]), [31 / 7]);
    assertClose(await loss({ ignore_index: 0 }), [5]);
    assertClose(await loss({ ignore_index: 1, reduction: 'none' }, [labels, weight]), [1, 0, 0]);
    const outside = initializer('t', tensor([3], [-100, 1, 1], 'int64'));
    assertClose(await loss({ ignore_index: -100 }, [outside]), [5]);
  });

  it('of scores, with their log probabilities', async () => {
    const [value, all] = await runParts(
      {
        nodes: [node('SoftmaxCrossEntropyLoss', ['x', 't'], ['y', 'p'], { reduction: 'sum' })],
        inputs: { x: [1, 2] },
        outputs: ['y', 'p'],
        initializers: [initializer('t', tensor([1], [1], 'int32'))],
      },
      { x: tensor([1, 2], [0, Math.log(3)]) },
    );
    assertClose(value!.values, [Math.log(4 / 3)], 1e-6);
    assertClose(all!.values, [Math.log(1 / 4), Math.log(3 / 4)], 1e-6);
  });
});

describe('ops that were never settled', () => {
  const run = async (op: string, x: Tensor, values: Parameters<typeof attributes>[0]) =>
    (await one(1, op, x, values)).values;

  it('scale, shift and cut', async () => {
    const image = iota([1, 2, 2, 2]);
    const scaled = await run('ImageScaler', image, { scale: { f: 2 }, bias: { floats: [10, 20] } });
    assert.deepEqual(scaled, [10, 12, 14, 16, 28, 30, 32, 34]);
    assert.deepEqual(await run('Affine', iota([3]), { alpha: { f: 2 }, beta: { f: 1 } }), [1, 3, 5]);
    assert.deepEqual(await run('Crop', iota([1, 1, 3, 3]), { border: [1, 0, 0, 1] }), [1, 2, 4, 5]);
    assert.deepEqual(await run('Crop', iota([1, 1, 3, 3]), { border: [1, 1, 0, 0], scale: [1, 2] }), [4, 5]);
    await assert.rejects(run('Crop', image, { border: [3, 0, 0, 0] }), /the piece/);
    const attrs = { alpha: { f: 3 }, beta: { f: 0.5 } };
    assertClose(await run('ScaledTanh', tensor([1], [2]), attrs), [3 * Math.tanh(1)], 1e-6);
    assertClose(await run('ParametricSoftplus', tensor([1], [2]), attrs), [3 * Math.log1p(Math.E)], 1e-6);
  });
});
