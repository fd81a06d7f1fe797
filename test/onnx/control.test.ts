/** Control flow and functions: what vanishes at import, what both branches come to, and bounds. */
import assert from 'node:assert/strict';
import { AttributeProto_AttributeType as Kind } from 'onnx-buf';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import { constantInputs } from '../../compiler/onnx/import/constant-inputs.ts';
import { readModel } from '../../compiler/onnx/read/model.ts';
import { body, initializer, type ModelParts, modelBytes, node, tensor, withFile } from './make-model.ts';
import { importParts, runParts } from './run-model.ts';

const scalar = (name: string, dtype: 'bool' | 'int64' | 'float32', value: number) =>
  initializer(name, tensor(dtype, [], [value]));
const two = tensor('float32', [2], [1, 2]);
const valuesOf = async (parts: ModelParts, inputs: Readonly<Record<string, Tensor>> = { x: two }) =>
  (await runParts(parts, inputs)).map(({ values }) => values);

describe('If', () => {
  const branches = (condition: Partial<ModelParts>): ModelParts => ({
    nodes: [
      node('If', ['c'], ['y'], {
        then_branch: body([node('Add', ['x', 'one'], ['t'])], [], ['t'], [scalar('one', 'float32', 1)]),
        else_branch: body([node('Neg', ['x'], ['e'])], [], ['e']),
      }),
    ],
    inputs: { x: [2] },
    outputs: ['y'],
    ...condition,
  });

  it('vanishes with the branch that is not taken, where the condition is known', async () => {
    const yes = branches({ initializers: [scalar('c', 'bool', 1)] });
    assert.deepEqual(await valuesOf(yes), [[2, 3]]);
    const graph = await importParts(branches({ initializers: [scalar('c', 'bool', 0)] }));
    assert.deepEqual(
      graph.nodes.map(({ op }) => op),
      ['neg'],
    );
  });

  it('takes what data decides of both branches', async () => {
    const parts = branches({ inputs: { x: [2], c: { dtype: 'bool', shape: [1] } } });
    assert.deepEqual(await valuesOf(parts, { x: two, c: tensor('bool', [1], [1]) }), [[2, 3]]);
    assert.deepEqual(await valuesOf(parts, { x: two, c: tensor('bool', [1], [0]) }), [[-1, -2]]);
  });

  it('sees the values around it, through bodies within bodies, whatever the order of nodes', async () => {
    const inner = node('If', ['c'], ['t'], {
      then_branch: body([node('Mul', ['doubled', 'x'], ['i'])], [], ['i']),
      else_branch: body([], [], ['x']),
    });
    const parts: ModelParts = {
      nodes: [
        node('If', ['c'], ['y'], {
          then_branch: body([inner], [], ['t']),
          else_branch: body([], [], ['doubled']),
        }),
        node('Add', ['x', 'x'], ['doubled']),
      ],
      inputs: { x: [2] },
      outputs: ['y'],
      initializers: [scalar('c', 'bool', 1)],
    };
    assert.deepEqual(await valuesOf(parts), [[2, 8]]);
  });

  it('is refused where the data decides the shape, and what its bodies lack is in the one report', async () => {
    const parts: ModelParts = {
      nodes: [
        node('If', ['c'], ['y'], {
          then_branch: body([node('Teleport', ['x'], ['t'])], [], ['t']),
          else_branch: body([node('Warp', ['x'], ['e'])], [], ['e']),
        }),
        node('If', ['c'], ['z'], {
          then_branch: body([node('Concat', ['x', 'x'], ['t'], { axis: 0 })], [], ['t']),
          else_branch: body([], [], ['x']),
        }),
      ],
      inputs: { x: [2], c: { dtype: 'bool', shape: [] } },
      outputs: ['y', 'z'],
    };
    await assert.rejects(importParts(parts), {
      code: 'MODEL_UNSUPPORTED',
      message: /Teleport(.|\n)*results of float32\[4\] or float32\[2\](.|\n)*--bind/,
    });
    await assert.rejects(importParts({ ...parts, inputs: { x: ['n', 'm'], c: [] } }), /Teleport(.|\n)*Warp/);
  });
});

describe('Loop and Scan', () => {
  const counting = (condition: number, more: Partial<ModelParts> = {}): ModelParts => ({
    nodes: [
      node('Loop', ['m', 'c', 'x'], ['last', 'all'], {
        body: body(
          [
            node('Add', ['state', 'state'], ['next']),
            node('Less', ['i', 'limit'], ['go']),
            node('Identity', ['state'], ['before']),
          ],
          ['i', 'go_in', 'state'],
          ['go', 'next', 'before'],
          [scalar('limit', 'int64', 1)],
        ),
      }),
    ],
    inputs: { x: [2] },
    outputs: ['last', 'all'],
    initializers: [scalar('m', 'int64', 5), scalar('c', 'bool', condition)],
    ...more,
  });

  it('become their iterations, until the condition fails', async () => {
    assert.deepEqual(await valuesOf(counting(1)), [
      [4, 8],
      [1, 2, 2, 4],
    ]);
    const [last, all] = await runParts(counting(0), { x: two });
    assert.deepEqual(
      [last?.values, all?.shape],
      [
        [1, 2],
        [0, 2],
      ],
    );
  });

  it('keep the state from where data ends them', async () => {
    const parts: ModelParts = {
      nodes: [
        node('Loop', ['m', 'c', 'x'], ['y'], {
          body: body(
            [
              node('Add', ['s', 's'], ['next']),
              node('ReduceMax', ['next'], ['most'], { keepdims: 0 }),
              node('Less', ['most', 'limit'], ['go']),
            ],
            ['i', 'c_in', 's'],
            ['go', 'next'],
            [scalar('limit', 'float32', 7)],
          ),
        }),
      ],
      inputs: { x: [2] },
      outputs: ['y'],
      initializers: [scalar('m', 'int64', 5), scalar('c', 'bool', 1)],
    };
    assert.deepEqual(await valuesOf(parts), [[4, 8]]);
    assert.deepEqual(await valuesOf(parts, { x: tensor('float32', [2], [0, 0.125]) }), [[0, 4]]);
  });

  it('that never end are refused', async () => {
    const endless = counting(1, { initializers: [scalar('c', 'bool', 1)] });
    const [loop] = endless.nodes ?? [];
    const parts = { ...endless, nodes: [{ ...loop, input: ['', '', 'x'] }] };
    await assert.rejects(importParts(parts), { code: 'MODEL_UNSUPPORTED', message: /4096 iterations/ });
  });

  it('scan along axes, forwards and backwards', async () => {
    const parts = (values: object): ModelParts => ({
      nodes: [
        node('Scan', ['zero', 'x'], ['sum', 'sums'], {
          body: body([node('Add', ['s', 'row'], ['next'])], ['s', 'row'], ['next', 'next']),
          num_scan_inputs: 1,
          ...values,
        }),
      ],
      inputs: { x: [2, 2] },
      outputs: ['sum', 'sums'],
      initializers: [initializer('zero', tensor('float32', [2], [0, 0]))],
    });
    const x = { x: tensor('float32', [2, 2], [1, 2, 3, 4]) };
    assert.deepEqual(await valuesOf(parts({}), x), [
      [4, 6],
      [1, 2, 4, 6],
    ]);
    const backwards = { scan_input_axes: [1], scan_input_directions: [1], scan_output_axes: [-1] };
    assert.deepEqual(await valuesOf(parts(backwards), x), [
      [3, 7],
      [2, 3, 4, 7],
    ]);
  });
});

describe('functions of a model', () => {
  const scaled = {
    name: 'Scaled',
    domain: 'own',
    input: ['a', 'shift'],
    output: ['b'],
    attribute: ['alpha'],
    attributeProto: [{ name: 'axis', type: Kind.INT, i: 0n }],
    opsetImport: [{ domain: '', version: 17n }],
    node: [
      node('LeakyRelu', ['a'], ['l'], { alpha: { reference: 'alpha', type: Kind.FLOAT } }),
      node('Softmax', ['l'], ['unused'], { axis: { reference: 'axis', type: Kind.INT } }),
      node('Sum', ['l', 'a'], ['b']),
    ],
  };
  const call = (op: string, inputs: string[], output: string, values = {}) => ({
    ...node(op, inputs, [output], values),
    domain: 'own',
  });
  const parts = (functions: ModelParts['functions'], nodes: ModelParts['nodes']): ModelParts => ({
    nodes: nodes ?? [],
    functions: functions ?? [],
    inputs: { x: [2] },
    outputs: ['y'],
    domains: { own: 1 },
  });
  const x = { x: tensor('float32', [2], [-4, 2]) };

  it('are expanded where they are called, with the attributes of the call', async () => {
    const called = parts([scaled], [call('Scaled', ['x'], 'y', { alpha: 0.5 })]);
    assert.deepEqual(await valuesOf(called, x), [[-6, 4]]);
    // Without the attribute the op has its own default.
    const bare = await valuesOf(parts([scaled], [call('Scaled', ['x'], 'y')]), x);
    assert.ok(Math.abs(bare[0]![0]! + 4.04) < 1e-6);
    const graph = await importParts(called);
    assert.ok(graph.nodes.some(({ name }) => name === 'Scaled_y.LeakyRelu_l'));
  });

  it('call one another, are told apart by overload, and come before ops of the same name', async () => {
    const outer = {
      ...scaled,
      name: 'Outer',
      node: [call('Scaled', ['a', 'shift'], 'b', { alpha: { reference: 'alpha', type: Kind.FLOAT } })],
      opsetImport: [...scaled.opsetImport, { domain: 'own', version: 1n }],
    };
    const twice = parts([outer, scaled], [call('Outer', ['x'], 'y', { alpha: 0.5 })]);
    assert.deepEqual(await valuesOf(twice, x), [[-6, 4]]);
    const relu = {
      ...scaled,
      name: 'Relu',
      domain: '',
      overload: 'negated',
      node: [node('Neg', ['a'], ['b'])],
    };
    const own = parts([relu], [{ ...node('Relu', ['x'], ['y']), overload: 'negated' }]);
    assert.deepEqual(await valuesOf(own, x), [[4, -2]]);
    assert.deepEqual(await valuesOf(parts([relu], [node('Relu', ['x'], ['y'])]), x), [[0, 2]]);
  });

  it('say which of their parameters must be constant', async () => {
    const reshaped = { ...scaled, name: 'Shaped', node: [node('Reshape', ['a', 'shift'], ['b'])] };
    const model: ModelParts = {
      ...parts([reshaped], [call('Shaped', ['x', 's'], 'y')]),
      inputs: { x: [2], s: { dtype: 'int64', shape: [2] } },
    };
    const names = await withFile(modelBytes(model), async (path) => constantInputs(readModel(path)));
    assert.deepEqual(names, ['s']);
    const graph = await importParts(model, { constants: { s: tensor('int64', [2], [2, 1]) } });
    assert.equal(graph.inputs.length, 1);
  });

  it('that call themselves, or double at each level, are refused', async () => {
    const itself = { ...scaled, node: [call('Scaled', ['a'], 'b')] };
    await assert.rejects(importParts(parts([itself], [call('Scaled', ['x'], 'y')])), {
      code: 'MODEL_INVALID',
      message: /expand without measure/,
    });
    const doubling = Array.from({ length: 30 }, (_, i) => ({
      ...scaled,
      name: `F${i}`,
      node:
        i === 29
          ? [node('Neg', ['a'], ['b'])]
          : [call(`F${i + 1}`, ['a'], 'm'), call(`F${i + 1}`, ['m'], 'b')],
    }));
    await assert.rejects(importParts(parts(doubling, [call('F0', ['x'], 'y')])), {
      message: /expand without measure/,
    });
  });

  it('report the ops that they lack, with the way there', async () => {
    const lacking = { ...scaled, node: [node('Teleport', ['a'], ['b'])] };
    await assert.rejects(importParts(parts([lacking], [call('Scaled', ['x'], 'y')])), {
      code: 'MODEL_UNSUPPORTED',
      message: /Teleport \(ai\.onnx, opset 17\): Scaled_y\.Teleport_b: op not supported/,
    });
  });
});
