/** Every op has all its parts, and an op without one is found. */
import assert from 'node:assert/strict';
import type { OpDefinition } from '../../compiler/ops/define/op.ts';
import { opNames, opOf } from '../../compiler/ops/index.ts';
import { missingParts } from '../support/completeness.ts';

describe('every op', () => {
  it('is listed, runs, is known to ONNX and has cases', () => {
    assert.deepEqual(
      opNames.flatMap((name) => missingParts(opOf(name))),
      [],
    );
  });

  it('is missed in all places where it is forgotten', () => {
    const { lower: _, ...rest } = opOf('relu');
    const forgotten: OpDefinition = { ...rest, name: 'forgotten' };
    assert.deepEqual(missingParts(forgotten), [
      'forgotten is not in the list (compiler/ops/list.ts)',
      'forgotten does not say how it runs: lower, decompose, or why on the host (its definition)',
      'forgotten has no ONNX entry, and no reason for that (compiler/onnx/ops)',
      'forgotten has no random cases (test/support/op-cases.ts)',
      'forgotten has no expected values (test/ops)',
      'forgotten has no case as ONNX (test/onnx/export-cases.ts)',
    ]);
  });

  it('may run on the host if it says why', () => {
    const { lower: _, ...rest } = opOf('relu');
    const said: OpDefinition = { ...rest, host: 'a test says so' };
    assert.deepEqual(missingParts(said), ['relu is not in the list (compiler/ops/list.ts)']);
  });
});
