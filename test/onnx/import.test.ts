import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { MillraceError } from '../../runtime/error.ts';
import { skip } from '../support/skip.ts';
import { initializer, int64s, type ModelParts, node, shared, tensor } from './make-model.ts';
import { importParts, relu, runParts, shapeOf } from './run-model.ts';

describe('importing: graphs', () => {
  it('folds shape arithmetic away', async () => {
    // y = reshape(x, [shape(x)[0], -1]), as exporters write it.
    const graph = await importParts({
      nodes: [
        node('Shape', ['x'], ['s']),
        node('Constant', [], ['zero'], { value: initializer('', tensor('int64', [], [0])) }),
        node('Gather', ['s', 'zero'], ['n'], { axis: 0 }),
        node('Unsqueeze', ['n', 'axes'], ['n1']),
        node('Concat', ['n1', 'rest'], ['shape'], { axis: 0 }),
        node('Reshape', ['x', 'shape'], ['y']),
      ],
      inputs: { x: [2, 3, 4] },
      outputs: ['y'],
      initializers: [int64s('axes', [0]), int64s('rest', [-1])],
    });
    assert.deepEqual(
      graph.nodes.map(({ name, op, attrs }) => ({ name, op, attrs })),
      [{ name: 'Reshape_y', op: 'reshape', attrs: { shape: [2, 12] } }],
    );
  });

  it('keeps large weights as places in files, and small ones as bytes', async () => {
    const w = tensor('float32', [512, 2], new Array<number>(1024).fill(0.5));
    const graph = await importParts({
      nodes: [node('MatMul', ['x', 'w'], ['a']), node('Add', ['a', 'b'], ['y'])],
      inputs: { x: [1, 512] },
      outputs: ['y'],
      initializers: [initializer('w', w), initializer('b', tensor('float32', [2], [1, 2]))],
    });
    const kinds = [...graph.values.values()].map(({ name, constant }) => [name, constant?.kind]);
    assert.deepEqual(
      kinds.filter(([, kind]) => kind !== undefined),
      [
        ['w', 'file'],
        ['b', 'inline'],
      ],
    );
  });

  it('keeps splats of any size as splats', async () => {
    const graph = await importParts({
      nodes: [node('ConstantOfShape', ['s'], ['w']), node('MatMul', ['x', 'w'], ['y'])],
      inputs: { x: [1, 100_000] },
      outputs: ['y'],
      initializers: [int64s('s', [100_000, 1000])],
    });
    const constants = [...graph.values.values()].flatMap(({ constant }) => constant ?? []);
    assert.deepEqual(constants, [{ kind: 'splat', value: 0 }]);
  });

  it('takes initialisers that are listed as inputs for constants', async () => {
    const parts: ModelParts = {
      nodes: [node('Add', ['x', 'b'], ['y'])],
      inputs: { x: [1], b: [1] },
      outputs: ['y'],
      initializers: [initializer('b', tensor('float32', [1], [5]))],
    };
    assert.deepEqual(await shapeOf(parts), [[1]]);
    const [y] = await runParts(parts, { x: tensor('float32', [1], [1]) });
    assert.deepEqual(y?.values, [6]);
  });

  it('takes nodes in any order, and refuses circles', async () => {
    const [y] = await runParts(
      { nodes: [node('Neg', ['a'], ['y']), node('Relu', ['x'], ['a'])], inputs: { x: [2] }, outputs: ['y'] },
      { x: tensor('float32', [2], [-1, 3]) },
    );
    assert.deepEqual(
      y?.values.map((n) => n + 0),
      [0, -3],
    );
    const circle = [node('Add', ['x', 'b'], ['a']), node('Relu', ['a'], ['b'])];
    await assert.rejects(importParts({ nodes: circle, inputs: { x: [2] }, outputs: ['b'] }), {
      code: 'MODEL_INVALID',
    });
  });

  it('fixes inputs at build time', async () => {
    const parts: ModelParts = {
      nodes: [node('Reshape', ['x', 'shape'], ['y'])],
      inputs: { x: [6], shape: { dtype: 'int64', shape: [2] } },
      outputs: ['y'],
    };
    await assert.rejects(
      importParts(parts),
      /Reshape \(ai.onnx, opset 17\): Reshape_y: operand shape is computed/,
    );
    const shape = tensor('int64', [2], [2, 3]);
    assert.deepEqual(await shapeOf(parts, { constants: { shape } }), [[6]]);
  });

  it('gives inputs and constants through as outputs', async () => {
    const outputs = await runParts(
      {
        nodes: [node('Identity', ['x'], ['same']), node('Dropout', ['x'], ['kept', 'mask'])],
        inputs: { x: [2] },
        outputs: ['same', 'x', 'c', 'kept', 'mask'],
        initializers: [initializer('c', tensor('float32', [1], [7]))],
      },
      { x: tensor('float32', [2], [1, 2]) },
    );
    assert.deepEqual(
      outputs.map(({ values }) => values),
      [[1, 2], [1, 2], [7], [1, 2], [1, 1]],
    );
  });

  it('gives nodes unique names', async () => {
    const twice = { ...node('Relu', ['x'], ['a']), name: 'act' };
    const graph = await importParts({
      nodes: [
        twice,
        { ...twice, input: ['a'], output: ['b'] },
        { opType: 'Relu', input: ['b'], output: ['y'] },
      ],
      inputs: { x: [1] },
      outputs: ['y'],
    });
    const names = graph.nodes.map(({ name }) => name);
    assert.equal(new Set(names).size, 3);
    assert.ok(names.includes('act') && names.includes('y'));
  });
});

describe('importing: refusals', () => {
  it('reports everything unsupported at once, with the nodes', async () => {
    const parts: ModelParts = {
      nodes: [
        node('Teleport', ['x'], ['h']),
        node('Relu', ['h'], ['r']),
        node('TfIdfVectorizer', ['r'], ['a'], {}),
        node('Relu', ['x'], ['p']),
        node('Reshape', ['x', 'p'], ['q']),
        { ...node('Inverse', ['q'], ['g']), domain: 'com.microsoft' },
        node('Teleport', ['x'], ['h2']),
        node('Cast', ['x'], ['c'], { to: 17 }),
      ],
      inputs: { x: [4] },
      outputs: ['g', 'a'],
      domains: { 'com.microsoft': 1 },
    };
    await assert.rejects(importParts(parts), (error: unknown) => {
      assert.ok(error instanceof MillraceError);
      assert.equal(error.code, 'MODEL_UNSUPPORTED');
      for (const part of [
        'Teleport (ai.onnx, opset 17): Teleport_h, Teleport_h2: op not supported',
        'TfIdfVectorizer (ai.onnx, opset 17): TfIdfVectorizer_a',
        'Reshape (ai.onnx, opset 17): Reshape_q: operand shape is computed at run time',
        'Inverse (com.microsoft, opset 1): Inverse_g',
        'Cast (ai.onnx, opset 17): Cast_c: to element type float8e4m3fn',
      ])
        assert.ok(error.message.includes(part), `${part}\nnot in\n${error.message}`);
      assert.ok(!error.message.includes('Relu'));
      return true;
    });
  });

  it('reports dimensions, opset, types and ops at once', async () => {
    const inputs = { x: [1, 'time'], z: [1, null], s: { dtype: 'float32', shape: [2] } } as const;
    const nodes = [node('Relu', ['x'], ['r']), node('Teleport', ['z'], ['y'])];
    const foreign: ModelParts = {
      opset: 30,
      nodes: [...nodes, node('Cast', ['s'], ['c'], { to: 17 })],
      inputs,
      outputs: ['y'],
    };
    await assert.rejects(importParts(foreign), (error: unknown) => {
      assert.ok(error instanceof MillraceError);
      assert.equal(error.code, 'MODEL_UNSUPPORTED');
      for (const part of [
        'opset 30: expected 1 to 28',
        'input "x": [1, time] leaves "time" open',
        'input "z": [1, ?] leaves dimension 1 open',
        'Teleport (ai.onnx, opset 30): Teleport_y: op not supported',
        'onnx.version_converter',
        '--dim time=16 --shape z=1x16',
      ])
        assert.ok(error.message.includes(part), `${part}\nnot in\n${error.message}`);
      return true;
    });
    // Of an opset that is known, attributes are looked at too, of nodes whose inputs are.
    await assert.rejects(importParts({ ...foreign, opset: 17 }), /Cast_c: to element type float8e4m3fn/);
    const open = {
      opset: 30,
      nodes: [node('Relu', ['x'], ['y'])],
      inputs: { x: [1, 'time'] },
      outputs: ['y'],
    };
    await assert.rejects(importParts(open), { code: 'MODEL_OPSET' });
    await assert.rejects(importParts({ ...open, opset: 17 }), { code: 'MODEL_DIMENSION' });
  });

  it('takes the highest version where a domain is imported twice', async () => {
    const softmax = (opset: number, second: number): ModelParts => ({
      nodes: [node('Softmax', ['x'], ['y'])],
      inputs: { x: [1, 2, 2] },
      outputs: ['y'],
      opset,
      domains: { 'ai.onnx': second },
    });
    const zeros = { x: tensor('float32', [1, 2, 2], [0, 0, 0, 0]) };
    // Opset 13 has the softmax over the last axis only.
    for (const parts of [softmax(11, 13), softmax(13, 11), softmax(13, 13)])
      assert.deepEqual((await runParts(parts, zeros))[0]?.values, [0.5, 0.5, 0.5, 0.5]);
    await assert.rejects(importParts(softmax(13, 30)), { code: 'MODEL_OPSET' });
  });

  it('refuses opsets it does not know', async () => {
    for (const opset of [1, 7, 13, 28]) await importParts({ ...relu([1]), opset });
    for (const opset of [0, 29, 1000])
      await assert.rejects(importParts({ ...relu([1]), opset }), { code: 'MODEL_OPSET' });
  });

  it('minds an element type it lacks only where it is used', async () => {
    const strange = { name: 's', dims: [1n], dataType: 14, rawData: new Uint8Array(8) };
    const unused = { ...relu([1]), initializers: [strange] };
    await importParts(unused);
    const used = { ...unused, nodes: [node('Add', ['x', 's'], ['y'])] };
    await assert.rejects(importParts(used), /initializer "s": tensor "s": element type complex64/);
    const input = { ...relu([1]), inputs: { x: [1], q: [1] }, nodes: [node('Teleport', ['x'], ['y'])] };
    await assert.rejects(importParts(input), { code: 'MODEL_UNSUPPORTED' });
  });

  const wrong: Readonly<Record<string, ModelParts>> = {
    'a value that nothing defines': { ...relu([1]), nodes: [node('Relu', ['q'], ['y'])] },
    'an output that nothing defines': { ...relu([1]), outputs: ['q'] },
    'a value defined twice': { ...relu([1]), nodes: [node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])] },
    'a value that is an input': { ...relu([1]), nodes: [node('Relu', ['x'], ['x'])] },
    'a missing input': { ...relu([1]), nodes: [node('Add', ['x'], ['y'])] },
    'an attribute of another kind': { ...relu([1]), nodes: [node('Flatten', ['x'], ['y'], { axis: 'one' })] },
    'an axis out of range': { ...relu([1]), nodes: [node('Softmax', ['x'], ['y'], { axis: 3 })] },
    'pads of the wrong length': {
      ...relu([1, 1, 4, 4]),
      nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [2, 2], pads: [1, 1] })],
    },
  };
  for (const [what, parts] of Object.entries(wrong))
    it(`refuses ${what}`, () => assert.rejects(importParts(parts), { code: 'MODEL_INVALID' }));

  it('names the node of a shape that does not fit', async () => {
    const parts = { ...relu([2]), inputs: { x: [2], z: [3] }, nodes: [node('Add', ['x', 'z'], ['y'])] };
    await assert.rejects(importParts(parts), (error: unknown) => {
      assert.ok(error instanceof MillraceError && error.code === 'MODEL_SHAPE');
      assert.match(error.message, /Add "Add_y"/);
      return true;
    });
  });
});

describe('importing: networks made by others', () => {
  it('imports the light networks, their weights as splats', async function () {
    const folder = join(shared, 'onnx/light');
    if (!existsSync(folder)) return skip(this, 'the shared networks are not here');
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.onnx'))) {
      const graph = await importOnnx(join(folder, name));
      assert.ok(graph.nodes.length > 20, name);
      for (const { constant } of graph.values.values())
        if (constant?.kind === 'inline') assert.ok(constant.bytes.length <= 64 * 1024);
    }
  });
});
