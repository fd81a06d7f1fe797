/** Results whose size depends on data: what may follow them, what may not, and what `run` returns. */
import assert from 'node:assert/strict';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { iota, tensor } from '../ops/run-op.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';
import { initializer, int64s, type ModelParts, node } from './make-model.ts';
import { importParts, one, runParts } from './run-model.ts';

const x = tensor([2, 3], [0, 5, 0, 7, 0, 9]);

const model = (
  nodes: ModelParts['nodes'],
  outputs: readonly string[],
  more: Partial<ModelParts> = {},
): ModelParts => ({
  nodes: [node('NonZero', ['x'], ['places']), ...(nodes ?? [])],
  inputs: { x: [2, 3] },
  outputs,
  ...more,
});

describe('sizes that depend on data', () => {
  it('are those of the results, with the shape beside', async () => {
    const parts = model([], ['places']);
    const graph = await importParts(parts);
    assert.deepEqual(
      graph.outputs.map(({ name }) => name),
      ['places', 'places.shape'],
    );
    const network = await compileInMemory(graph);
    assert.deepEqual(
      network.manifest.outputs.map(({ shape, sized }) => [shape, sized]),
      [
        [[2, 6], 1],
        [[2], undefined],
      ],
    );
    const loaded = await open(network, { mode: 'resident' });
    try {
      for (const [numbers, columns] of [
        [
          [0, 5, 0, 7, 0, 9],
          [
            [0, 1, 1],
            [1, 0, 2],
          ],
        ],
        [
          [0, 0, 0, 0, 0, 0],
          [[], []],
        ],
        [
          [1, 1, 1, 1, 1, 1],
          [
            [0, 0, 0, 1, 1, 1],
            [0, 1, 2, 0, 1, 2],
          ],
        ],
      ] as const) {
        const outputs = await runTensors(loaded, new Map([['x', tensor([2, 3], numbers)]]));
        const places = outputs.get('places')!;
        assert.deepEqual(places.type.shape, [2, columns[0].length]);
        assert.deepEqual(toNumbers(places), columns.flat());
        assert.deepEqual(toNumbers(outputs.get('places.shape')!), [2, columns[0].length]);
      }
      // An array of the caller's has the largest size.
      const mine = new BigInt64Array(12);
      const outputs = await loaded.run(
        { x: Float32Array.of(0, 5, 0, 7, 0, 9) },
        { outputs: { places: mine } },
      );
      assert.equal(outputs['places'], mine);
      assert.deepEqual([...mine.subarray(0, 6)].map(Number), [0, 1, 1, 1, 0, 2]);
    } finally {
      await loaded.close();
    }
  });

  it('go through ops along whose axis elements do not meet', async () => {
    const nodes = [
      node('Transpose', ['places'], ['points'], { perm: [1, 0] }),
      node('GatherND', ['x', 'points'], ['chosen']),
      node('Mul', ['chosen', 'two'], ['doubled']),
      node('Unsqueeze', ['doubled', 'last'], ['column']),
      node('Concat', ['column', 'column'], ['pair'], { axis: 1 }),
      node('ReduceSum', ['pair', 'last'], ['sum'], { keepdims: 0 }),
      node('MatMul', ['pair', 'weights'], ['product']),
      node('Softmax', ['pair'], ['soft']),
      node('Shape', ['pair'], ['size']),
    ];
    const initializers = [
      initializer('two', tensor([], [2])),
      int64s('last', [1]),
      initializer('weights', tensor([2, 1], [1, 0.5])),
    ];
    const outputs = ['chosen', 'sum', 'product', 'soft', 'size'];
    const results = await runParts(model(nodes, outputs, { initializers }), { x });
    const by = new Map(results.map((result, i) => [i, result]));
    assert.deepEqual(by.get(0), { shape: [3], values: [5, 7, 9] });
    assert.deepEqual(by.get(2), { shape: [3], values: [20, 28, 36] });
    assert.deepEqual(by.get(4), { shape: [3, 1], values: [15, 21, 27] });
    assert.deepEqual(by.get(6), { shape: [3, 2], values: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5] });
    assert.deepEqual(by.get(8), { shape: [2], values: [3, 2] });
  });

  it('are refused where they would meet', async () => {
    const wrong: ModelParts['nodes'][] = [
      [node('ReduceSum', ['places', 'one'], ['y'])],
      [node('Gather', ['places', 'one'], ['y'], { axis: 1 })],
      [node('Concat', ['places', 'places'], ['y'], { axis: 1 })],
      [node('Flatten', ['places'], ['y'], { axis: 0 })],
      [node('Size', ['places'], ['y'])],
    ];
    for (const nodes of wrong)
      await assert.rejects(importParts(model(nodes, ['y'], { initializers: [int64s('one', [1])] })), {
        code: 'MODEL_UNSUPPORTED',
        message: /depends on data/,
      });
  });

  it('are known where what decides is constant', async () => {
    const parts: ModelParts = {
      nodes: [node('NonZero', ['mask'], ['places']), node('Compress', ['x', 'rows'], ['kept'], { axis: 0 })],
      inputs: { x: [2, 3] },
      outputs: ['places', 'kept'],
      initializers: [
        initializer('mask', tensor([3], [0, 1, 1])),
        initializer('rows', tensor([2], [0, 1], 'bool')),
      ],
    };
    const results = await runParts(parts, { x });
    assert.deepEqual(results[0], { shape: [1, 2], values: [1, 2] });
    assert.deepEqual(results[1]!.shape, [1, 3]);
  });

  it('of TopK are its k, where that is computed', async () => {
    const parts: ModelParts = {
      nodes: [node('Cast', ['n'], ['k'], { to: 7 }), node('TopK', ['x', 'k'], ['values', 'indices'])],
      inputs: { x: [5], n: [1] },
      outputs: ['values', 'indices'],
    };
    const given = { x: tensor([5], [3, 1, 4, 1, 5]), n: tensor([1], [2]) };
    const results = await runParts(parts, given);
    assert.deepEqual(results[0], { shape: [2], values: [5, 4] });
    assert.deepEqual(results[2], { shape: [2], values: [4, 2] });
  });

  it('of a slice are those that its ends say', async () => {
    const parts: ModelParts = {
      nodes: [
        node('Cast', ['a'], ['start'], { to: 7 }),
        node('Cast', ['b'], ['end'], { to: 7 }),
        node('Slice', ['x', 'start', 'end', 'axis'], ['y']),
      ],
      inputs: { x: [2, 3], a: [1], b: [1] },
      outputs: ['y'],
      initializers: [int64s('axis', [1])],
    };
    const run = async (start: number, end: number) =>
      (await runParts(parts, { x: iota([2, 3]), a: tensor([1], [start]), b: tensor([1], [end]) }))[0];
    assert.deepEqual(await run(1, 2), { shape: [2, 1], values: [1, 4] });
    assert.deepEqual(await run(-2, 9), { shape: [2, 2], values: [1, 2, 4, 5] });
    assert.deepEqual(await run(0, 3), { shape: [2, 3], values: [0, 1, 2, 3, 4, 5] });
    assert.deepEqual(await run(2, 1), { shape: [2, 0], values: [] });
    const both = { ...parts, initializers: [int64s('axis', [0, 1])] };
    await assert.rejects(importParts(both), { code: 'MODEL_UNSUPPORTED' });
  });

  it('of Compress and Unique without an axis count all elements', async () => {
    const rows = initializer('c', tensor([7], [0, 1, 1, 0, 0, 0, 0], 'bool'));
    assert.deepEqual(await one(11, 'Compress', iota([2, 3]), {}, [rows]), { shape: [2], values: [1, 2] });
    assert.deepEqual(await one(11, 'Unique', tensor([2, 2], [3, 1, 3, 3])), { shape: [2], values: [1, 3] });
  });
});
