/** Windows over three dimensions, against plain loops; pools that become convolutions or scatters. */
import assert from 'node:assert/strict';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import { assertClose, iota, randomTensor, tensor } from '../ops/run-op.ts';
import { initializer, int64s, node } from './make-model.ts';
import { one, runParts } from './run-model.ts';

const at = (x: Tensor, index: readonly number[]): number => {
  const { shape } = x.type;
  if (index.some((n, i) => n < 0 || n >= shape[i]!)) return Number.NaN;
  return Number(x.data[index.reduce((offset, n, i) => offset * shape[i]! + n, 0)]!);
};
const indices = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (all, n) => all.flatMap((one) => Array.from({ length: n }, (_, i) => [...one, i])),
    [[]],
  );

const strides = [2, 1, 1];
const dilations = [1, 2, 1];
const pads = [1, 0, 1, 0, 1, 0];

describe('windows over three dimensions', () => {
  it('Conv', async () => {
    const x = randomTensor([2, 4, 5, 4, 3], 1);
    const w = randomTensor([2, 2, 2, 2, 2], 2);
    const bias = tensor([2], [0.5, -1]);
    const [result] = await runParts(
      {
        nodes: [node('Conv', ['x', 'w', 'b'], ['y'], { strides, dilations, pads, group: 2 })],
        inputs: { x: x.type.shape },
        outputs: ['y'],
        initializers: [initializer('w', w), initializer('b', bias)],
      },
      { x },
    );
    const shape = [2, 2, 3, 3, 3];
    assert.deepEqual(result!.shape, shape);
    const expected = indices(shape).map(([n, o, ...out]) => {
      let sum = Number(bias.data[o!]);
      for (const [c, ...k] of indices([2, 2, 2, 2])) {
        const place = out.map((p, i) => p * strides[i]! - pads[i]! + k[i]! * dilations[i]!);
        const pixel = at(x, [n!, o! * 2 + c!, ...place]);
        if (!Number.isNaN(pixel)) sum += pixel * at(w, [o!, c!, ...k]);
      }
      return sum;
    });
    assertClose(result!.values, expected, 1e-5);
  });

  it('ConvTranspose', async () => {
    const x = randomTensor([2, 4, 3, 3, 2], 3);
    const w = randomTensor([4, 1, 2, 2, 3], 4);
    const output_padding = [1, 0, 0];
    const [result] = await runParts(
      {
        nodes: [
          node('ConvTranspose', ['x', 'w', 'b'], ['y'], {
            strides,
            dilations,
            pads,
            output_padding,
            group: 2,
          }),
        ],
        inputs: { x: x.type.shape },
        outputs: ['y'],
        initializers: [initializer('w', w), initializer('b', tensor([2], [1, 2]))],
      },
      { x },
    );
    const shape = [2, 2, 6, 4, 3];
    assert.deepEqual(result!.shape, shape);
    const expected = new Map(indices(shape).map((index) => [String(index), 1 + index[1]!]));
    for (const [n, c, ...p] of indices(x.type.shape))
      for (const k of indices([2, 2, 3])) {
        const place = p.map((q, i) => q * strides[i]! - pads[i]! + k[i]! * dilations[i]!);
        const key = String([n, Math.floor(c! / 2), ...place]);
        const sum = expected.get(key);
        if (sum !== undefined) expected.set(key, sum + at(x, [n!, c!, ...p]) * at(w, [c!, 0, ...k]));
      }
    assertClose(result!.values, [...expected.values()], 1e-5);
  });

  it('MaxPool and AveragePool', async () => {
    const x = randomTensor([1, 2, 4, 5, 4], 5);
    const kernel = [2, 2, 3];
    const attributes = { kernel_shape: kernel, strides, dilations, pads };
    const max = await one(19, 'MaxPool', x, attributes);
    const inside = await one(19, 'AveragePool', x, attributes);
    const padded = await one(19, 'AveragePool', x, { ...attributes, count_include_pad: 1 });
    const shape = [1, 2, 2, 4, 3];
    assert.deepEqual(max.shape, shape);
    const windows = indices(shape).map(([n, c, ...out]) =>
      indices(kernel)
        .map((k) => at(x, [n!, c!, ...out.map((p, i) => p * strides[i]! - pads[i]! + k[i]! * dilations[i]!)]))
        .filter((pixel) => !Number.isNaN(pixel)),
    );
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    assertClose(
      max.values,
      windows.map((list) => Math.max(...list)),
    );
    assertClose(
      inside.values,
      windows.map((list) => sum(list) / list.length),
      1e-5,
    );
    assertClose(
      padded.values,
      windows.map((list) => sum(list) / 12),
      1e-5,
    );
  });
});

describe('pools made of others', () => {
  it('LpPool is the root of a sum of powers', async () => {
    const x = tensor([1, 1, 2, 3], [3, -4, 1, 0, 2, -2]);
    const kernel_shape = [2, 2];
    const norms = [Math.sqrt(29), 5];
    assertClose((await one(18, 'LpPool', x, { kernel_shape })).values, norms, 1e-6);
    assertClose((await one(18, 'LpPool', x, { kernel_shape, p: 1 })).values, [9, 9], 1e-6);
    assertClose(
      (await one(18, 'LpPool', x, { kernel_shape, p: 3 })).values,
      [Math.cbrt(99), Math.cbrt(81)],
      1e-6,
    );
    const ceil = await one(18, 'LpPool', x, { kernel_shape, strides: [1, 2], ceil_mode: 1 });
    assertClose(ceil.values, [Math.sqrt(29), Math.sqrt(5)], 1e-6);
    assertClose((await one(18, 'GlobalLpPool', x)).values, [Math.sqrt(34)], 1e-6);
    assertClose((await one(18, 'GlobalLpPool', x, { p: 1 })).values, [12], 1e-6);
  });

  it('MaxUnpool puts values back where MaxPool found them', async () => {
    const x = iota([1, 1, 4, 4]);
    const window = { kernel_shape: [2, 2], strides: [2, 2] };
    const [y] = await runParts(
      {
        nodes: [node('MaxPool', ['x'], ['p', 'i'], window), node('MaxUnpool', ['p', 'i'], ['y'], window)],
        inputs: { x: [1, 1, 4, 4] },
        outputs: ['y'],
      },
      { x },
    );
    assert.deepEqual(y!.shape, [1, 1, 4, 4]);
    assert.deepEqual(y!.values, [0, 0, 0, 0, 0, 5, 0, 7, 0, 0, 0, 0, 0, 13, 0, 15]);
    // An odd extent is only known from the operand.
    const odd = iota([1, 1, 3, 3]);
    const [z] = await runParts(
      {
        nodes: [
          node('MaxPool', ['x'], ['p', 'i'], window),
          node('MaxUnpool', ['p', 'i', 's'], ['y'], window),
        ],
        inputs: { x: [1, 1, 3, 3] },
        outputs: ['y'],
        initializers: [int64s('s', [1, 1, 3, 3])],
      },
      { x: odd },
    );
    assert.deepEqual(z!.values, [0, 0, 0, 0, 4, 0, 0, 0, 0]);
  });
});

describe('resizing and grids in ONNX', () => {
  it('Resize nearest for TensorFlow reads half a pixel further', async () => {
    const x = iota([1, 1, 1, 4]);
    const rule = { coordinate_transformation_mode: 'tf_half_pixel_for_nn', nearest_mode: 'floor' };
    const sizes = int64s('sizes', [1, 1, 1, 2]);
    const [y] = await runParts(
      {
        opset: 11,
        nodes: [node('Resize', ['x', '', '', 'sizes'], ['y'], { mode: 'nearest', ...rule })],
        inputs: { x: [1, 1, 1, 4] },
        outputs: ['y'],
        initializers: [sizes],
      },
      { x },
    );
    assert.deepEqual(y!.values, [1, 3]);
  });

  it('AffineGrid turns centres, or corners', async () => {
    const theta = tensor([1, 2, 3], [2, 0, 1, 0, 1, 0]);
    const grid = await one(20, 'AffineGrid', theta, {}, [int64s('size', [1, 1, 1, 2])]);
    assert.deepEqual(grid, { shape: [1, 1, 2, 2], values: [0, 0, 2, 0] });
    const corners = await one(20, 'AffineGrid', theta, { align_corners: 1 }, [int64s('size', [1, 1, 2, 1])]);
    assert.deepEqual(corners.values, [1, -1, 1, 1]);
    await assert.rejects(one(20, 'AffineGrid', theta, {}, [int64s('size', [1, 1, 2, 2, 2])]), /theta/);
  });

  it('CenterCropPad cuts or fills around the middle', async () => {
    const x = iota([5]);
    assert.deepEqual((await one(18, 'CenterCropPad', x, {}, [int64s('s', [2])])).values, [1, 2]);
    assert.deepEqual(
      (await one(18, 'CenterCropPad', x, {}, [int64s('s', [8])])).values,
      [0, 0, 1, 2, 3, 4, 0, 0],
    );
    const square = iota([2, 2]);
    const both = await one(18, 'CenterCropPad', square, { axes: [-1] }, [int64s('s', [1])]);
    assert.deepEqual(both, { shape: [2, 1], values: [0, 2] });
  });
});
