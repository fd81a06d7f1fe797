/** `millrace conformance` on a folder made here: a case that passes, one that fails, one that is out of scope. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { create, toBinary } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import { initializer, modelBytes, node, tensor } from '../onnx/make-model.ts';
import { type Folder, millrace, millraceJson, temporaryFolder } from '../support/command.ts';

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cases: readonly { readonly name: string; readonly status: string; readonly code?: string }[];
}

describe('millrace conformance', () => {
  let folder: Folder;
  before(() => {
    folder = temporaryFolder();
    const write = (name: string, op: string, y: Tensor): void => {
      const set = folder.at(`${name}/test_data_set_0`);
      mkdirSync(set, { recursive: true });
      const model = modelBytes({ nodes: [node(op, ['x'], ['y'])], inputs: { x: [2, 2] }, outputs: ['y'] });
      writeFileSync(folder.at(`${name}/model.onnx`), model);
      const x = tensor('float32', [2, 2], [-1, 2, -3, 4]);
      for (const [file, value] of [
        ['input_0', x],
        ['output_0', y],
      ] as const)
        writeFileSync(
          `${set}/${file}.pb`,
          toBinary(TensorProtoSchema, create(TensorProtoSchema, initializer(file, value))),
        );
    };
    write('group/right', 'Relu', tensor('float32', [2, 2], [0, 2, 0, 4]));
    write('group/wrong', 'Relu', tensor('float32', [2, 2], [0, 2, 0.5, 4]));
    write('foreign', 'Unheard', tensor('float32', [2, 2], [0, 1, 0, 1]));
  });
  after(() => folder.remove());

  it('reports each case', async () => {
    const { code, stdout, stderr } = await millrace(['conformance', folder.path, '--json']);
    const result = JSON.parse(stdout) as Result;
    assert.deepEqual(
      result.cases.map(({ name, status, code }) => [name, status, code]),
      [
        ['foreign', 'skipped', 'MODEL_UNSUPPORTED'],
        ['group/right', 'passed', undefined],
        ['group/wrong', 'failed', 'MISMATCH'],
      ],
    );
    assert.deepEqual([code, stderr, result.passed, result.failed, result.skipped], [1, '', 1, 1, 1]);
  });

  it('ends with a line of counts', async () => {
    const { code, stdout, stderr } = await millrace(['conformance', folder.path]);
    assert.deepEqual([code, stdout], [1, '1 passed, 1 failed, 1 skipped\n']);
    assert.match(stderr, /failed group\/wrong: MISMATCH .*element 2 of 4: expected 0\.5, got 0/);
  });

  it('takes a filter, and finding nothing is a failure', async () => {
    const right = await millraceJson<Result>(['conformance', folder.path, '--filter', 'right']);
    assert.deepEqual([right.passed, right.cases.length], [1, 1]);
    const none = await millrace(['conformance', folder.path, '--filter', 'nothing']);
    assert.deepEqual([none.code, none.stdout], [1, '0 passed, 0 failed, 0 skipped\n']);
  });
});
