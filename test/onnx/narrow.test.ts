/** Types that only store: bfloat16, floats of 8 and 4 bits, integers of 4 and 2. Values are those of the papers' tables. */
import assert from 'node:assert/strict';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { narrowOf, numbersOf, storageOf } from '../../compiler/onnx/read/narrow.ts';
import { initializer, type ModelParts, node, type TensorInit, tensor } from './make-model.ts';
import { one, runParts } from './run-model.ts';

const decoded = (elementType: number, stored: number[], elements: number): number[] =>
  numbersOf(narrowOf(elementType)!, stored, elements);

const stored = (dataType: number, dims: bigint[], rawData: number[]): TensorInit => ({
  name: 's',
  dims,
  dataType,
  rawData: new Uint8Array(rawData),
});

describe('types that only store', () => {
  it('have the values of their definitions', () => {
    assert.deepEqual(decoded(16, [0x3f80, 0xc000, 0x7f80, 0x0001], 4), [
      1,
      -2,
      Number.POSITIVE_INFINITY,
      2 ** -133,
    ]);
    assert.deepEqual(decoded(17, [0x38, 0x7e, 0x7f, 0x01, 0xc0], 5), [1, 448, Number.NaN, 2 ** -9, -2]);
    assert.deepEqual(decoded(18, [0x40, 0x7f, 0x80, 0x01], 4), [1, 240, Number.NaN, 2 ** -10]);
    assert.deepEqual(decoded(19, [0x3c, 0x7b, 0x7c, 0x01], 4), [
      1,
      57344,
      Number.POSITIVE_INFINITY,
      2 ** -16,
    ]);
    assert.deepEqual(decoded(20, [0x40, 0x7f, 0x80, 0x01], 4), [1, 57344, Number.NaN, 2 ** -17]);
    assert.deepEqual(decoded(23, [0x10, 0x32, 0x54, 0x76, 0xf], 9), [0, 0.5, 1, 1.5, 2, 3, 4, 6, -6]);
    assert.deepEqual(decoded(24, [127, 0, 255], 3), [1, 2 ** -127, Number.NaN]);
    assert.deepEqual(decoded(21, [0x1f, 0x08], 3), [15, 1, 8]);
    assert.deepEqual(decoded(22, [0x1f, 0x08], 3), [-1, 1, -8]);
    assert.deepEqual(decoded(25, [0b11100100], 4), [0, 1, 2, 3]);
    assert.deepEqual(decoded(26, [0b11100100], 4), [0, 1, -2, -1]);
    assert.deepEqual(storageOf(narrowOf(22)!, 5), { dtype: 'uint8', count: 3 });
    assert.equal(narrowOf(1), null);
  });

  it('are widened as initialisers, and cast', async () => {
    const x = tensor('float32', [2], [1, 1]);
    const add = (s: TensorInit) => one(21, 'Add', x, {}, [s]);
    assert.deepEqual((await add(stored(16, [2n], [0x80, 0x3f, 0, 0xc0]))).values, [2, -1]);
    const cast = async (s: TensorInit, to: number) =>
      (
        await runParts({
          nodes: [node('Cast', ['s'], ['y'], { to })],
          outputs: ['y'],
          initializers: [s],
          opset: 21,
        })
      )[0]?.values;
    assert.deepEqual(await cast(stored(22, [3n], [0x1f, 0x08]), 1), [-1, 1, -8]);
    assert.deepEqual(await cast(stored(19, [2n], [0x3c, 0xc0]), 10), [1, -2]);
    // bfloat16 is computed as float32.
    assert.deepEqual(await cast(initializer('s', tensor('float32', [1], [1.001])), 16), [Math.fround(1.001)]);
  });

  it('are dequantised, and are float32 or 8-bit integers as inputs', async () => {
    const parts: ModelParts = {
      nodes: [node('DequantizeLinear', ['s', 'scale'], ['w']), node('Add', ['x', 'w'], ['y'])],
      inputs: { x: [3] },
      outputs: ['y'],
      initializers: [stored(22, [3n], [0x1f, 0x08]), initializer('scale', tensor('float32', [], [0.5]))],
      opset: 21,
    };
    const [y] = await runParts(parts, { x: tensor('float32', [3], [0, 0, 0]) });
    assert.deepEqual(y?.values, [-0.5, 0.5, -4]);
  });

  it('are refused where their bits or their type count, and where data is short', async () => {
    const x = tensor('float32', [2], [1, 2]);
    for (const op of ['CastLike', 'QuantizeLinear']) {
      const operands = op === 'CastLike' ? [] : [initializer('scale', tensor('float32', [], [1]))];
      const zero = stored(22, [], [0]);
      await assert.rejects(one(21, op, x, {}, [...operands, zero]), {
        code: 'MODEL_UNSUPPORTED',
        message: /only stores/,
      });
    }
    await assert.rejects(one(21, 'Add', x, {}, [stored(22, [5n], [1, 2])]), { code: 'MODEL_INVALID' });
  });

  it('come in files too', async () => {
    const { decodeTensor } = await import('../../compiler/onnx/read/tensor-file.ts');
    const bytes = new Uint8Array([8, 3, 16, 22, 74, 2, 0x1f, 0x08]);
    const { tensor: read } = decodeTensor('t', bytes);
    assert.deepEqual([read.type, toNumbers(read)], [{ dtype: 'int8', shape: [3] }, [-1, 1, -8]]);
  });
});
