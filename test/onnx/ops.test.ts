/** The table of ONNX ops: what it must say, and what does not compile. */
import assert from 'node:assert/strict';
import { int } from '../../compiler/onnx/export/graph.ts';
import { constantInputs } from '../../compiler/onnx/import/constant-inputs.ts';
import {
  defineOnnx,
  type Export,
  type Import,
  noNode,
  withConstants,
} from '../../compiler/onnx/ops/define.ts';
import { entryOf, exportOf, importedOps } from '../../compiler/onnx/ops/index.ts';
import { readModel } from '../../compiler/onnx/read/model.ts';
import { type AttrsOf, opNames } from '../../compiler/ops/index.ts';
import { int64s, modelBytes, node, withFile } from './make-model.ts';

describe('the table of ONNX ops', () => {
  it('knows ops by domain and name', () => {
    assert.ok(importedOps.includes('Conv'));
    for (const op of importedOps) assert.ok(entryOf('', op), op);
    assert.equal(entryOf('com.microsoft', 'Conv'), undefined);
    for (const name of ['constructor', '__proto__', 'toString']) assert.equal(entryOf('', name), undefined);
  });

  it('writes each of our ops, but for orders of axes, other names and weights of other formats', () => {
    const none = opNames.filter((name) => exportOf(name) === null);
    assert.deepEqual(none, ['fromBfloat16', 'identity', 'transpose']);
  });

  it('refuses an op that is none of ours, and an operand that is not declared', () => {
    const run: Import = (node) => [node.input(0)];
    // @ts-expect-error: there is no such op.
    defineOnnx({ imports: {}, exports: { rellu: () => [] } });
    // @ts-expect-error: another name beside right ones.
    defineOnnx({ imports: {}, exports: { relu: () => [], tranpose: noNode } });
    // @ts-expect-error: an import without constant operands reads none.
    defineOnnx({ imports: { Tile: (node) => [node.constantNumbers('repeats') ? 0 : 1] }, exports: {} });
    // @ts-expect-error: the op has no such attribute.
    defineOnnx({ imports: {}, exports: { concat: (node) => [node.add('Concat', [], {}, node.attrs.axes)] } });
    const concat: Export<AttrsOf<'concat'>> = (node) => [
      node.add('Concat', node.all(), { axis: int(node.attrs.axis) }),
    ];
    // @ts-expect-error: the export of one op for another.
    defineOnnx({ imports: {}, exports: { slice: concat } });
    withConstants({ repeats: 1 }, (node) => {
      // @ts-expect-error: "repeat" is not declared.
      node.constantNumbers('repeat');
      return [node.input(0)];
    });
    const wrong: Import[] = [
      // @ts-expect-error: there is no such op.
      (node) => [node.emit('rellu', [node.input(0)])],
      // @ts-expect-error: it has no such attribute.
      (node) => [node.emit('leakyRelu', [node.input(0)], { slope: 0.1 })],
      // @ts-expect-error: the attribute is a number.
      (node) => [node.emit('leakyRelu', [node.input(0)], { alpha: '0.1' })],
      // @ts-expect-error: two attributes are required.
      (node) => node.emitAll('split', [node.input(0)], { axis: 1 }),
      // @ts-expect-error: attributes are required.
      (node) => [node.emit('transpose', [node.input(0)])],
    ];
    assert.equal(wrong.length, 5);
    const family = defineOnnx({ imports: { Same: run }, exports: { relu: () => [] } });
    assert.deepEqual(Object.keys(family.exports), ['relu']);
  });

  it('says which inputs of a model must be constants, at each opset', async () => {
    const named = (opset: number, op: string, inputs: string[]) =>
      withFile(
        modelBytes({
          opset,
          nodes: [
            node('Cast', ['a'], ['b'], { to: 7 }),
            node('Shape', ['s'], ['t']),
            node(op, inputs, ['y']),
          ],
          inputs: { x: [2, 2], a: [2], s: [2], roi: [4] },
          outputs: ['y'],
          initializers: [int64s('k', [1])],
        }),
        (path) => constantInputs(readModel(path)),
      );
    assert.deepEqual(await named(13, 'Reshape', ['x', 'b']), ['a']);
    assert.deepEqual(await named(13, 'Reshape', ['x', 't']), []);
    assert.deepEqual(await named(13, 'Reshape', ['x', 'k']), []);
    assert.deepEqual(await named(10, 'Resize', ['x', 'a']), ['a']);
    assert.deepEqual(await named(11, 'Resize', ['x', 'roi', 'a']), ['a', 'roi']);
    assert.deepEqual(await named(13, 'Add', ['x', 'a']), []);
  });
});
