/** Names that a file may choose: members of `Object.prototype`, and one name for two outputs. */
import assert from 'node:assert/strict';
import { valueAt } from '../../compiler/ir/graph.ts';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';
import { initializer, type ModelParts, node, tensor } from './make-model.ts';
import { importParts, relu, shapeOf } from './run-model.ts';

/** Compiled, loaded and run: outputs by name. */
async function outputsOf(parts: ModelParts, inputs: Readonly<Record<string, ReturnType<typeof tensor>>>) {
  const model = await open(await compileInMemory(await importParts(parts)), { mode: 'stream' });
  try {
    const outputs = await runTensors(model, new Map(Object.entries(inputs)));
    return [...outputs].map(([name, value]) => [name, toNumbers(value)]);
  } finally {
    await model.close();
  }
}

describe('names that a model may choose', () => {
  const members = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'] as const;

  for (const name of members)
    it(`"${name}" is an input, an initializer, an output, a node and an attribute`, async () => {
      const two = tensor('float32', [2], [1, 2]);
      const strange = { [name]: 1 };
      const asInput: ModelParts = {
        nodes: [{ ...node('Neg', [name], ['y'], strange), name }],
        inputs: { [name]: [2] },
        outputs: ['y'],
      };
      assert.deepEqual(await outputsOf(asInput, { [name]: two }), [['y', [-1, -2]]]);
      const asOutput: ModelParts = {
        nodes: [{ ...node('Add', ['x', 'w'], [name], strange), name }],
        inputs: { x: [2] },
        outputs: [name],
        initializers: [initializer('w', two)],
      };
      const outputs = interpret(await importParts(asOutput), new Map([['x', two]]));
      assert.deepEqual(
        [...outputs].map(([key, value]) => [key, toNumbers(value)]),
        [[name, [2, 4]]],
      );
      const asWeight: ModelParts = {
        nodes: [{ ...node('Add', ['x', name], ['y'], strange), name }],
        inputs: { x: [2] },
        outputs: ['y'],
        initializers: [initializer(name, two)],
      };
      assert.deepEqual(await outputsOf(asWeight, { x: two }), [['y', [2, 4]]]);
    });

  it('are dimensions, shapes and constants like others', async () => {
    for (const name of members) {
      assert.deepEqual(await shapeOf(relu([1, name]), { dims: { [name]: 3 } }), [[1, 3]]);
      await assert.rejects(importParts(relu([1, name])), { code: 'MODEL_DIMENSION' });
      await assert.rejects(importParts(relu([1, 'n']), { dims: { [name]: 3 } }), { code: 'OPTION' });
      const parts = { nodes: [node('Relu', [name], ['y'])], inputs: { [name]: [1, 'n'] }, outputs: ['y'] };
      assert.deepEqual(await shapeOf(parts, { shapes: { [name]: [1, 4] } }), [[1, 4]]);
      await assert.rejects(importParts(parts), { code: 'MODEL_DIMENSION' });
      const constants = { [name]: tensor('float32', [1, 1], [5]) };
      const graph = await importParts(parts, { constants });
      assert.equal(valueAt(graph, graph.outputs[0]!.value).constant?.kind, 'inline');
    }
  });

  it('are op types that are not supported', async () => {
    for (const name of members)
      await assert.rejects(importParts({ ...relu([1]), nodes: [node(name, ['x'], ['y'])] }), {
        code: 'MODEL_UNSUPPORTED',
      });
  });
});

describe('a graph that lists an output twice', () => {
  it('has two outputs, the second under a name of its own', async () => {
    const parts: ModelParts = {
      nodes: [node('Neg', ['x'], ['y']), node('Relu', ['x'], ['y_2'])],
      inputs: { x: [2] },
      outputs: ['y', 'y', 'y_2', 'y'],
    };
    const x = tensor('float32', [2], [1, -2]);
    assert.deepEqual(await outputsOf(parts, { x }), [
      ['y', [-1, 2]],
      ['y_3', [-1, 2]],
      ['y_2', [1, 0]],
      ['y_4', [-1, 2]],
    ]);
  });
});
