import assert from 'node:assert/strict';
import { inferred, refuses, tensor, values } from './run-op.ts';

describe('ops on bits', () => {
  it('combine integers bit by bit', () => {
    for (const dtype of ['int8', 'uint16', 'int32', 'uint32', 'int64', 'uint64'] as const) {
      const [a, b] = [tensor([3], [12, 7, 0], dtype), tensor([3], [10, 1, 5], dtype)];
      assert.deepEqual(values('bitwiseAnd', [a, b]), [8, 1, 0], dtype);
      assert.deepEqual(values('bitwiseOr', [a, b]), [14, 7, 5], dtype);
      assert.deepEqual(values('bitwiseXor', [a, b]), [6, 6, 5], dtype);
    }
    assert.deepEqual(values('bitwiseNot', [tensor([2], [0, 5], 'int64')]), [-1, -6]);
    assert.deepEqual(values('bitwiseNot', [tensor([2], [0, 5], 'uint8')]), [255, 250]);
  });

  it('shift, without the bits that do not fit', () => {
    for (const dtype of ['uint8', 'uint32', 'uint64'] as const) {
      const by = tensor([3], [1, 3, 0], dtype);
      assert.deepEqual(values('shiftLeft', [tensor([3], [3, 4, 5], dtype), by]), [6, 32, 5], dtype);
      assert.deepEqual(values('shiftRight', [tensor([3], [3, 33, 5], dtype), by]), [1, 4, 5], dtype);
    }
    assert.deepEqual(
      values('shiftLeft', [tensor([2], [200, 1], 'uint8'), tensor([2], [1, 40], 'uint8')]),
      [144, 0],
    );
    const high = tensor([1], [2 ** 31], 'uint32');
    assert.deepEqual(values('shiftRight', [high, tensor([1], [31], 'uint32')]), [1]);
    assert.deepEqual(values('shiftRight', [high, tensor([1], [32], 'uint32')]), [0]);
    assert.deepEqual(
      values('shiftRight', [tensor([2], [-5, -5], 'int64'), tensor([2], [1, 64], 'int64')]),
      [-3, -1],
    );
  });

  it('take bits as another type', () => {
    assert.equal(inferred('bitCast', '[2]', { to: 'int32' }), 'int32[2]');
    assert.deepEqual(values('bitCast', [tensor([2], [1, -2])], { to: 'uint32' }), [0x3f800000, 0xc0000000]);
    assert.deepEqual(values('bitCast', [tensor([1], [0x3c00], 'uint16')], { to: 'float16' }), [1]);
  });

  it('refuse what has no bits of its own', () => {
    refuses('bitwiseNot', '[2]', {}, /bitwiseNot of float32.*integer/s);
    refuses('bitCast', '[2]', { to: 'int8' }, /bitCast of float32.*int32/s);
  });

  it('raise integers to powers without losing low bits', () => {
    assert.deepEqual(values('pow', [tensor([2], [3, -3], 'int32'), tensor([2], [39, 3], 'int32')]), [
      // 3³⁹ = 4052555153018976267, whose low 32 bits are these.
      Number(BigInt.asIntN(32, 4052555153018976267n)),
      -27,
    ]);
    // 7^(2⁴⁰) ends at once, and 7^(2⁶¹·4) is 1 modulo 2⁶⁴.
    assert.deepEqual(
      values('pow', [tensor([1], [7], 'int64'), tensor([1], [2 ** 63 - 2 ** 62], 'int64')]),
      [1],
    );
  });
});
