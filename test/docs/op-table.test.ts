import assert from 'node:assert/strict';
import { readPage, updated } from '../../scripts/op-table.ts';

describe('docs/onnx-ops.md', () => {
  it('lists what can be imported, and the operands that must be constant (node --import=tsx scripts/op-table.ts)', () => {
    assert.equal(readPage(), updated(readPage()));
  });
});
