/** `npm run conformance`: what is out of scope, a case from its files to a verdict, and the record. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { outOfScope } from '../../compiler/onnx/import/out-of-scope.ts';
import { readModel } from '../../compiler/onnx/read/model.ts';
import { byOp, opLine, parseOps } from '../../scripts/conformance/by-op.ts';
import { listCases } from '../../scripts/conformance/read-case.ts';
import { lost, parseRecord, readRecord, recordText } from '../../scripts/conformance/record.ts';
import { type CaseResult, runCase } from '../../scripts/conformance/run-case.ts';
import { skip } from '../support/skip.ts';
import { type ModelParts, modelBytes, node, shared, withFile } from './make-model.ts';
import { importParts } from './run-model.ts';

const cases = join(shared, 'onnx/cases');

describe('out of scope', () => {
  const of = (parts: ModelParts): Promise<string[]> =>
    withFile(modelBytes(parts), async (path) => outOfScope(readModel(path)));
  const one = (op: string, values = {}): ModelParts => ({
    nodes: [node(op, ['x'], ['y'], values)],
    inputs: { x: [2] },
    outputs: ['y'],
  });

  it('is decided by op, domain, attribute and type', async () => {
    assert.deepEqual(await of(one('SequenceConstruct')), ['SequenceConstruct: sequences']);
    assert.deepEqual(await of(one('RandomNormalLike')), ['RandomNormalLike: random numbers without a seed']);
    assert.deepEqual(await of(one('RandomNormalLike', { seed: 1.5 })), []);
    assert.deepEqual(await of(one('Cast', { to: 8 })), ['Cast: strings']);
    assert.deepEqual(await of(one('Teleport')), []);
    const ml = { ...node('Scaler', ['x'], ['y']), domain: 'ai.onnx.ml' };
    assert.deepEqual(await of({ ...one(''), nodes: [ml] }), ['Scaler: classical machine learning']);
  });

  it('has a code of its own, beside which all else is still said', async () => {
    const parts = {
      nodes: [node('Optional', ['x'], ['o']), node('Teleport', ['x'], ['y'])],
      inputs: { x: [2] },
      outputs: ['y'],
    };
    await assert.rejects(importParts(parts), {
      code: 'MODEL_SCOPE',
      message: /optional values(.|\n)*Teleport/,
    });
  });
});

describe('the conformance record', () => {
  const results: CaseResult[] = [
    { name: 'a/one', status: 'passed', reason: '' },
    { name: 'a/two', status: 'failed', reason: 'MISMATCH output "y": element 0' },
    { name: 'b/three', status: 'scope', reason: 'MODEL_SCOPE strings' },
  ];

  it('is a line a case', () => {
    const text = recordText(results);
    assert.equal(text, '+ a/one\n- a/two MISMATCH\no b/three\n');
    assert.deepEqual(
      [...parseRecord(text)],
      [
        ['a/one', 'passed'],
        ['a/two', 'failed'],
        ['b/three', 'scope'],
      ],
    );
  });

  it('sums up by op what has passed, where, and how', () => {
    const listed = [
      { name: 'a/one', reproduced: true, ops: ['Abs'], opset: 13 },
      { name: 'a/two', reproduced: true, ops: ['Abs', 'Neg', 'Abs'], opset: 18 },
      { name: 'b/three', reproduced: true, ops: ['Cast'], opset: 9 },
    ];
    const [first, ...rest] = results;
    const ops = byOp(listed, [{ ...first!, how: 'kernel' }, ...rest]);
    assert.deepEqual(ops.map(opLine), ['op Abs 13-13 kernel 1/2\n', 'op Neg 0-0 - 0/1\n']);
    assert.deepEqual([...parseOps(ops.map(opLine).join('')).values()], ops);
    assert.deepEqual([...parseRecord(ops.map(opLine).join(''))], []);
  });

  it('tells what passes no more, and only that', () => {
    const recorded = parseRecord(recordText(results));
    assert.deepEqual(lost(results, recorded), []);
    const now = results.map((one) => ({ ...one, status: 'failed' as const }));
    assert.deepEqual(
      lost(now, recorded).map(({ name }) => name),
      ['a/one'],
    );
  });

  it('has every case that another runtime reproduces', function () {
    if (!existsSync(cases)) return skip(this, 'the shared cases are not here');
    const names = listCases(cases).filter(({ reproduced }) => reproduced);
    assert.deepEqual([...readRecord().keys()], names.map(({ name }) => name).sort());
  });
});

describe('a conformance case', () => {
  before(function () {
    if (!existsSync(cases)) skip(this, 'the shared cases are not here');
  });

  it('passes, in each of the layouts', async () => {
    for (const name of [
      'onnx/node/test_add_bcast',
      'deeploy/Kernels/FP32/Add/Regular',
      'onnx2c/local_ops/test_gather_basic',
      'tract/deconv_group',
    ]) {
      const { how, ...result } = await runCase(name, join(cases, name));
      assert.deepEqual(result, { name, status: 'passed', reason: '' });
      assert.ok(how !== undefined);
    }
  });

  it('is out of scope, or fails, with a reason in one line', async () => {
    const scope = await runCase('s', join(cases, 'onnx/node/test_optional_get_element_optional_sequence'));
    assert.equal(scope.status, 'scope');
    assert.match(scope.reason, /^MODEL_SCOPE .*optional values/);
    const missing = await runCase('m', join(cases, 'onnx/node/test_no_such'));
    assert.equal(missing.status, 'failed');
    assert.match(missing.reason, /^MODEL_READ [^\n]+$/);
  });
});
