/** What the conformance cases do not reach: old opsets, operands in other places, rules that differ by version. */
import assert from 'node:assert/strict';
import { type attributes, initializer, int64s, type ModelParts, node, tensor } from './make-model.ts';
import { importParts, one, runParts } from './run-model.ts';

const x6 = tensor('float32', [2, 3], [1, 2, 3, 4, 5, 6]);
const close = (got: readonly number[], expected: readonly number[]): void => {
  assert.equal(got.length, expected.length);
  got.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-5, `${got} is not ${expected}`);
  });
};

describe('imports by opset', () => {
  it('axes, splits, slices and pads as attributes, then as inputs', async () => {
    const summed = { shape: [2], values: [6, 15] };
    assert.deepEqual(await one(11, 'ReduceSum', x6, { axes: [-1], keepdims: 0 }), summed);
    assert.deepEqual(await one(13, 'ReduceSum', x6, { keepdims: 0 }, [int64s('axes', [-1])]), summed);
    const mean = { shape: [1, 3], values: [2.5, 3.5, 4.5] };
    assert.deepEqual(await one(17, 'ReduceMean', x6, { axes: [0] }), mean);
    assert.deepEqual(await one(18, 'ReduceMean', x6, {}, [int64s('axes', [0])]), mean);
    assert.deepEqual((await one(13, 'ReduceMax', x6)).values, [6]);
    const kept = await one(18, 'ReduceMax', x6, { noop_with_empty_axes: 1 });
    assert.deepEqual(kept.values, [1, 2, 3, 4, 5, 6]);

    const column = { shape: [2, 1], values: [2, 5] };
    assert.deepEqual(await one(9, 'Slice', x6, { starts: [-2], ends: [2], axes: [1] }), column);
    const ends = [int64s('starts', [1]), int64s('ends', [-1]), int64s('axes', [1])];
    assert.deepEqual(await one(11, 'Slice', x6, {}, ends), column);
    const reversed = [int64s('s', [5]), int64s('e', [-100]), int64s('a', [1]), int64s('t', [-2])];
    assert.deepEqual(await one(13, 'Slice', x6, {}, reversed), { shape: [2, 2], values: [3, 1, 6, 4] });

    const padded = { shape: [2, 4], values: [2, 3, 9, 9, 5, 6, 9, 9] };
    assert.deepEqual(await one(7, 'Pad', x6, { pads: [0, -1, 0, 2], value: { f: 9 } }), padded);
    const nine = initializer('v', tensor('float32', [], [9]));
    assert.deepEqual(await one(13, 'Pad', x6, {}, [int64s('pads', [0, -1, 0, 2]), nine]), padded);
    const axes = [int64s('pads', [-1, 2]), nine, int64s('axes', [-1])];
    assert.deepEqual(await one(18, 'Pad', x6, {}, axes), padded);

    assert.deepEqual(
      (await one(11, 'Squeeze', tensor('float32', [1, 2, 1], [1, 2]), { axes: [0] })).shape,
      [2, 1],
    );
    assert.deepEqual((await one(13, 'Squeeze', tensor('float32', [1, 2, 1], [1, 2]))).shape, [2]);
    assert.deepEqual((await one(11, 'Unsqueeze', x6, { axes: [0, 3] })).shape, [1, 2, 3, 1]);
    assert.deepEqual((await one(13, 'Unsqueeze', x6, {}, [int64s('axes', [-1])])).shape, [2, 3, 1]);
  });

  it('splits evenly, by sizes, and with a smaller rest', async () => {
    const split = async (
      opset: number,
      outputs: string[],
      values: Parameters<typeof attributes>[0],
      sizes?: number[],
    ) =>
      (
        await runParts(
          {
            opset,
            nodes: [node('Split', sizes ? ['x', 's'] : ['x'], outputs, values)],
            inputs: { x: [5] },
            outputs,
            initializers: sizes ? [int64s('s', sizes)] : [],
          },
          { x: tensor('float32', [5], [1, 2, 3, 4, 5]) },
        )
      ).map(({ values: numbers }) => numbers);
    assert.deepEqual(await split(11, ['a', 'b'], { axis: 0, split: [1, 4] }), [[1], [2, 3, 4, 5]]);
    assert.deepEqual(await split(13, ['a', 'b'], {}, [4, 1]), [[1, 2, 3, 4], [5]]);
    assert.deepEqual(await split(18, ['a', 'b', 'c'], { num_outputs: 3 }), [[1, 2], [3, 4], [5]]);
    assert.deepEqual(await split(13, ['a'], {}), [[1, 2, 3, 4, 5]]);
    await assert.rejects(split(13, ['a', 'b'], {}), { code: 'MODEL_INVALID' });
    await assert.rejects(split(13, ['a', 'b'], {}, [4, 2]), { code: 'MODEL_INVALID' });
  });

  it('softmax over what follows the axis until opset 12, over the axis since 13', async () => {
    const x = tensor('float32', [1, 2, 2], [0, 0, 0, 0]);
    close((await one(11, 'Softmax', x)).values, [0.25, 0.25, 0.25, 0.25]);
    close((await one(13, 'Softmax', x)).values, [0.5, 0.5, 0.5, 0.5]);
    close((await one(13, 'Softmax', x, { axis: 1 })).values, [0.5, 0.5, 0.5, 0.5]);
    close((await one(11, 'LogSoftmax', x)).values, new Array<number>(4).fill(Math.log(0.25)));
  });

  it('clips by attributes, by constants and by values', async () => {
    const clipped = [2, 2, 3, 4, 4, 4];
    assert.deepEqual((await one(7, 'Clip', x6, { min: { f: 2 }, max: { f: 4 } })).values, clipped);
    const scalar = (name: string, value: number) => initializer(name, tensor('float32', [], [value]));
    assert.deepEqual((await one(11, 'Clip', x6, {}, [scalar('a', 2), scalar('b', 4)])).values, clipped);
    const parts: ModelParts = {
      nodes: [node('Clip', ['x', '', 'high'], ['y'])],
      inputs: { x: [6], high: [] },
      outputs: ['y'],
    };
    const given = { x: tensor('float32', [6], [1, 2, 3, 4, 5, 6]), high: tensor('float32', [], [4]) };
    assert.deepEqual((await runParts(parts, given))[0]?.values, [1, 2, 3, 4, 4, 4]);
    const integers = tensor('int32', [3], [-5, 0, 5]);
    const bound = initializer('a', tensor('int32', [], [-1]));
    assert.deepEqual((await one(13, 'Clip', integers, {}, [bound])).values, [-1, 0, 5]);
  });

  it('Gemm with every kind of C, and factors', async () => {
    const gemm = async (
      c: ReturnType<typeof tensor> | null,
      values: Parameters<typeof attributes>[0] = {},
    ) => {
      const operands = [initializer('b', tensor('float32', [3, 2], [1, 0, 0, 1, 1, 1]))];
      if (c !== null) operands.push(initializer('c', c));
      return (await one(13, 'Gemm', x6, values, operands)).values;
    };
    assert.deepEqual(await gemm(null), [4, 5, 10, 11]);
    assert.deepEqual(await gemm(tensor('float32', [2], [1, 2])), [5, 7, 11, 13]);
    assert.deepEqual(await gemm(tensor('float32', [1, 2], [1, 2])), [5, 7, 11, 13]);
    assert.deepEqual(await gemm(tensor('float32', [], [1])), [5, 6, 11, 12]);
    assert.deepEqual(await gemm(tensor('float32', [1, 1], [1])), [5, 6, 11, 12]);
    assert.deepEqual(await gemm(tensor('float32', [2, 1], [1, 2])), [5, 6, 12, 13]);
    assert.deepEqual(await gemm(tensor('float32', [2, 2], [1, 2, 3, 4])), [5, 7, 13, 15]);
    const factors = { alpha: { f: 2 }, beta: { f: 10 } };
    assert.deepEqual(await gemm(tensor('float32', [2], [1, 2]), factors), [18, 30, 30, 42]);
    assert.deepEqual(await gemm(tensor('float32', [2], [1, 2]), { beta: { f: 0 } }), [4, 5, 10, 11]);
  });

  it('Gemm with constant weights is one product', async () => {
    const graph = await importParts({
      nodes: [node('Gemm', ['x', 'w', 'c'], ['y'], { transB: 1, alpha: { f: 0.5 }, beta: { f: 2 } })],
      inputs: { x: [1, 4] },
      outputs: ['y'],
      initializers: [
        initializer('w', tensor('float32', [600, 4], new Array<number>(2400).fill(1))),
        initializer('c', tensor('float32', [600], new Array<number>(600).fill(1))),
      ],
    });
    assert.deepEqual(
      graph.nodes.map(({ op }) => op),
      ['matmul'],
    );
  });

  it('products with vectors', async () => {
    const v = (name: string, ...values: number[]) =>
      initializer(name, tensor('float32', [values.length], values));
    assert.deepEqual(await one(13, 'MatMul', x6, {}, [v('v', 1, 1, 1)]), { shape: [2], values: [6, 15] });
    const row = tensor('float32', [2], [1, 10]);
    const matrix = initializer('m', x6);
    assert.deepEqual(await one(13, 'MatMul', row, {}, [matrix]), { shape: [3], values: [41, 52, 63] });
    assert.deepEqual(await one(13, 'MatMul', row, {}, [v('w', 2, 3)]), { shape: [], values: [32] });
    const batch = initializer('q', tensor('float32', [2, 2, 1], [1, 2, 3, 4]));
    assert.deepEqual(await one(13, 'MatMul', row, {}, [batch]), { shape: [2, 1], values: [21, 43] });
  });

  it('padding by rule', async () => {
    const w = initializer('w', tensor('float32', [1, 1, 2], [1, 10]));
    const x = tensor('float32', [1, 1, 3], [1, 2, 3]);
    const conv = async (rule: string) => (await one(13, 'Conv', x, { auto_pad: rule }, [w])).values;
    assert.deepEqual(await conv('SAME_UPPER'), [21, 32, 3]);
    assert.deepEqual(await conv('SAME_LOWER'), [10, 21, 32]);
    assert.deepEqual(await conv('VALID'), [21, 32]);
    const back = async (values: Parameters<typeof attributes>[0]) =>
      (await one(13, 'ConvTranspose', x, { strides: [2], ...values }, [w])).values;
    assert.deepEqual(await back({}), [1, 10, 2, 20, 3, 30]);
    assert.deepEqual(await back({ output_padding: [1] }), [1, 10, 2, 20, 3, 30, 0]);
    assert.deepEqual(await back({ output_shape: [5], auto_pad: 'SAME_UPPER' }), [1, 10, 2, 20, 3]);
    assert.deepEqual(await back({ output_shape: [5] }), [10, 2, 20, 3, 30]);
    assert.deepEqual(await back({ output_shape: [7] }), [1, 10, 2, 20, 3, 30, 0]);
    assert.deepEqual(await back({ auto_pad: 'SAME_UPPER' }), [1, 10, 2, 20, 3, 30]);
  });

  it('reshapes with 0, -1 and allowzero', async () => {
    const shapeOf = async (wanted: readonly number[], values = {}) =>
      (await one(14, 'Reshape', x6, values, [int64s('s', wanted)])).shape;
    assert.deepEqual(await shapeOf([0, -1]), [2, 3]);
    assert.deepEqual(await shapeOf([-1]), [6]);
    for (const wrong of [[4, -1], [-1, -1], [0, 0, 0], [5], [-2, 3]])
      await assert.rejects(shapeOf(wrong), { code: 'MODEL_INVALID' });
    await assert.rejects(shapeOf([0, -1], { allowzero: 1 }), { code: 'MODEL_INVALID' });
  });

  it('resizes as each opset did', async () => {
    const x = tensor('float32', [1, 1, 2], [1, 2]);
    const scales = initializer('s', tensor('float32', [3], [1, 1, 2]));
    const doubled = [1, 1, 2, 2];
    assert.deepEqual((await one(7, 'Upsample', x, { scales: { floats: [1, 1, 2] } })).values, doubled);
    assert.deepEqual((await one(9, 'Upsample', x, {}, [scales])).values, doubled);
    assert.deepEqual((await one(10, 'Resize', x, {}, [scales])).values, doubled);
    close((await one(10, 'Resize', x, { mode: 'linear' }, [scales])).values, [1, 1.5, 2, 2]);
    const roi = initializer('r', tensor('float32', [0], []));
    close((await one(11, 'Resize', x, { mode: 'linear' }, [roi, scales])).values, [1, 1.25, 1.75, 2]);
    const none = initializer('n', tensor('float32', [0], []));
    assert.deepEqual((await one(13, 'Resize', x, {}, [roi, none, int64s('z', [1, 1, 4])])).values, doubled);
    const cubic = [0.89453125, 1.2265625, 1.7734375, 2.10546875];
    close((await one(13, 'Resize', x, { mode: 'cubic' }, [roi, scales])).values, cubic);
  });

  it('constants in every form', async () => {
    const outputs = await runParts({
      nodes: [
        node('Constant', [], ['a'], { value: initializer('', x6) }),
        node('Constant', [], ['b'], { value_float: { f: 1.5 } }),
        node('Constant', [], ['c'], { value_floats: { floats: [1, 2] } }),
        node('Constant', [], ['d'], { value_int: 7 }),
        node('Constant', [], ['e'], { value_ints: [7, -8] }),
        node('ConstantOfShape', ['s'], ['f'], { value: initializer('', tensor('int64', [1], [-3])) }),
        node('ConstantOfShape', ['e0'], ['g']),
        node('Range', ['r0', 'r1', 'r2'], ['h']),
        node('Shape', ['a'], ['i'], { start: -1 }),
        node('Size', ['a'], ['j']),
      ],
      outputs: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'],
      initializers: [
        int64s('s', [2, 2]),
        int64s('e0', []),
        ...['r0', 'r1', 'r2'].map((name, i) => initializer(name, tensor('float32', [], [[1, 2, 0.25][i]!]))),
      ],
    });
    assert.deepEqual(
      outputs.map(({ values }) => values),
      [
        [1, 2, 3, 4, 5, 6],
        [1.5],
        [1, 2],
        [7],
        [7, -8],
        [-3, -3, -3, -3],
        [0],
        [1, 1.25, 1.5, 1.75],
        [3],
        [6],
      ],
    );
  });

  it('sums, maxima, minima and means of any number', async () => {
    const two = initializer('a', tensor('float32', [3], [2, 2, 2]));
    const ten = initializer('b', tensor('float32', [1], [4]));
    assert.deepEqual((await one(13, 'Sum', x6, {}, [two, ten])).values, [7, 8, 9, 10, 11, 12]);
    assert.deepEqual((await one(13, 'Max', x6, {}, [two])).values, [2, 2, 3, 4, 5, 6]);
    assert.deepEqual((await one(13, 'Min', x6, {}, [two, ten])).values, [1, 2, 2, 2, 2, 2]);
    assert.deepEqual((await one(13, 'Mean', x6, {}, [two])).values, [1.5, 2, 2.5, 3, 3.5, 4]);
    assert.deepEqual((await one(13, 'Sum', x6)).values, [1, 2, 3, 4, 5, 6]);
    const exponent = initializer('e', tensor('int64', [], [2]));
    assert.deepEqual((await one(13, 'Pow', x6, {}, [exponent])).values, [1, 4, 9, 16, 25, 36]);
  });
});

describe('dropout in training', () => {
  it('drops nothing at a ratio of 0, and is refused at any other', async () => {
    const operands = (ratio: number) => [
      initializer('ratio', tensor('float32', [], [ratio])),
      initializer('training', tensor('bool', [], [1])),
    ];
    assert.deepEqual((await one(13, 'Dropout', x6, {}, operands(0))).values, [1, 2, 3, 4, 5, 6]);
    await assert.rejects(one(13, 'Dropout', x6, {}, operands(0.5)), { code: 'MODEL_UNSUPPORTED' });
  });
});

describe('opsets before 7', () => {
  const x = tensor('float32', [2, 2, 2], [0, 0, 0, 0, 0, 0, 0, 0]);
  const operand = (shape: readonly number[], values: readonly number[]) => [
    initializer('b', tensor('float32', shape, values)),
  ];

  it('fit the second operand in where broadcast and axis say', async () => {
    const added = async (values: Parameters<typeof attributes>[0], shape: number[], numbers: number[]) =>
      (await one(6, 'Add', x, values, operand(shape, numbers))).values;
    assert.deepEqual(await added({ broadcast: 1, axis: 0 }, [2], [1, 2]), [1, 1, 1, 1, 2, 2, 2, 2]);
    assert.deepEqual(await added({ broadcast: 1, axis: 1 }, [2], [1, 2]), [1, 1, 2, 2, 1, 1, 2, 2]);
    assert.deepEqual(await added({ broadcast: 1 }, [2], [1, 2]), [1, 2, 1, 2, 1, 2, 1, 2]);
    assert.deepEqual(await added({ broadcast: 1, axis: 0 }, [2, 2], [1, 2, 3, 4]), [1, 1, 2, 2, 3, 3, 4, 4]);
    const powers = await one(1, 'Pow', tensor('float32', [2, 1], [2, 3]), { broadcast: 1, axis: 0 }, [
      initializer('b', tensor('float32', [2], [3, 2])),
    ]);
    assert.deepEqual(powers, { shape: [2, 1], values: [8, 9] });
    for (const axis of [2, 9])
      await assert.rejects(one(6, 'Mul', x, { broadcast: 1, axis }, operand([2, 2], [1, 1, 1, 1])), {
        code: 'MODEL_INVALID',
      });
  });

  it('have a slope a channel', async () => {
    const below = tensor('float32', [1, 2, 2], [-1, -2, -3, 4]);
    assert.deepEqual((await one(6, 'PRelu', below, {}, operand([2], [2, 3]))).values, [-2, -4, -9, 4]);
    assert.deepEqual((await one(7, 'PRelu', below, {}, operand([2], [2, 3]))).values, [-2, -6, -6, 4]);
  });

  it('name the type of a cast', async () => {
    const halves = tensor('float32', [2], [1.5, -1.5]);
    assert.deepEqual((await one(1, 'Cast', halves, { to: 'INT32' })).values, [1, -1]);
    await assert.rejects(one(1, 'Cast', halves, { to: 'COMPLEX64' }), { code: 'MODEL_UNSUPPORTED' });
  });

  it('scale images by height and width', async () => {
    const row = tensor('float32', [1, 1, 1, 2], [1, 2]);
    const scaled = await one(1, 'Upsample', row, { height_scale: { f: 2 }, width_scale: { f: 1 } });
    assert.deepEqual(scaled, { shape: [1, 1, 2, 2], values: [1, 2, 1, 2] });
  });

  it('normalise each element by statistics of its own', async () => {
    const pair = tensor('float32', [1, 1, 2], [3, 5]);
    const of = (name: string, values: number[]) => initializer(name, tensor('float32', [1, 2], values));
    const statistics = [of('s', [1, 2]), of('b', [0, 1]), of('m', [1, 1]), of('v', [4, 1])];
    const { shape, values } = await one(
      7,
      'BatchNormalization',
      pair,
      { spatial: 0, epsilon: { f: 0 } },
      statistics,
    );
    assert.deepEqual(shape, [1, 1, 2]);
    close(values, [1, 9]);
  });
});
