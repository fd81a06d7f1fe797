import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import { conformanceTolerance, difference, toleranceFor } from '../../cli/compare.ts';
import { bytesOf, type Tensor } from '../../compiler/ir/tensor.ts';
import { dtypes } from '../../compiler/ir/types.ts';
import { decodeNpy, encodeNpy, readNpy, writeNpy } from '../../compiler/model/weights/npy.ts';
import { decodeTensor, encodeTensor, readTensorFile } from '../../compiler/onnx/read/tensor-file.ts';
import { inFolder, tensor } from './make-model.ts';

const shapes: readonly (readonly number[])[] = [[], [0], [3], [2, 0, 4], [2, 3], [1, 2, 3, 1]];
const sample = (dtype: Tensor['type']['dtype'], shape: readonly number[]): Tensor => {
  const count = shape.reduce((product, dim) => product * dim, 1);
  return tensor(
    dtype,
    shape,
    Array.from({ length: count }, (_, i) => (dtype === 'bool' ? i % 2 : i * 3)),
  );
};

describe('tensors in files', () => {
  it('are written and read alike, as TensorProto and as .npy', () => {
    for (const dtype of dtypes)
      for (const shape of shapes) {
        const value = sample(dtype, shape);
        assert.deepEqual(decodeTensor('t', encodeTensor('näme', value)), { name: 'näme', tensor: value });
        assert.deepEqual(decodeNpy('t', encodeNpy(value)), value);
      }
  });

  it('are what onnx-buf reads and writes', () => {
    const value = sample('int32', [2, 3]);
    const theirs = fromBinary(TensorProtoSchema, encodeTensor('x', value));
    assert.equal(theirs.dataType, 6);
    assert.deepEqual(theirs.dims, [2n, 3n]);
    assert.deepEqual(new Uint8Array(theirs.rawData), bytesOf(value));
    const written = create(TensorProtoSchema, { dims: [6n], dataType: 6, int32Data: [0, 3, 6, 9, 12, 15] });
    assert.deepEqual(decodeTensor('t', toBinary(TensorProtoSchema, written)).tensor, sample('int32', [6]));
  });

  it('are found on disk', () =>
    inFolder((folder) => {
      const value = sample('float32', [5]);
      writeFileSync(join(folder, 'a.pb'), encodeTensor('a', value));
      writeNpy(join(folder, 'a.npy'), value);
      assert.deepEqual(readTensorFile(join(folder, 'a.pb')).tensor, value);
      assert.deepEqual(readNpy(join(folder, 'a.npy')), value);
      assert.throws(() => readNpy(join(folder, 'b.npy')), { code: 'INPUT' });
      assert.throws(() => readTensorFile(join(folder, 'b.pb')), { code: 'MODEL_READ' });
    }));

  it('are refused where they are broken', () => {
    const good = encodeNpy(sample('float32', [2, 3]));
    const text = Buffer.from(good).toString('latin1');
    const with_ = (from: string, to: string): Uint8Array => Buffer.from(text.replace(from, to), 'latin1');
    const broken = [
      good.subarray(0, 5),
      good.subarray(0, 40),
      good.subarray(0, good.length - 1),
      with_('NUMPY', 'NUMPX'),
      with_('\x01\0', '\x09\0'),
      with_('<f4', '>f4'),
      with_('<f4', '|O8'),
      with_('(2, 3)', '(2, 4)'),
      with_("'shape'", "'shapf'"),
    ];
    for (const bytes of broken) assert.throws(() => decodeNpy('t', bytes), { code: 'INPUT' });
    const pb = encodeTensor('x', sample('float32', [2]));
    assert.throws(() => decodeTensor('t', pb.subarray(0, pb.length - 1)), { code: 'MODEL_INVALID' });
    const foreign = toBinary(TensorProtoSchema, create(TensorProtoSchema, { dims: [1n], dataType: 14 }));
    assert.throws(() => decodeTensor('t', foreign), { code: 'MODEL_UNSUPPORTED' });
  });

  it('of bfloat16 agree within a unit of its eight bits', () => {
    const [a, b] = [1, 1.0078125].map((value) => tensor('float32', [1], [value]));
    assert.equal(difference(a!, b!, toleranceFor(16)), null);
    assert.match(difference(a!, b!, toleranceFor(1)) ?? '', /element 0/);
  });

  it('differ or agree within a tolerance', () => {
    const f = (...values: number[]): Tensor => tensor('float32', [values.length], values);
    const same = (a: Tensor, b: Tensor): boolean => difference(a, b, conformanceTolerance) === null;
    assert.ok(
      same(f(1, 2, Number.NaN, Number.POSITIVE_INFINITY), f(1.0005, 2, Number.NaN, Number.POSITIVE_INFINITY)),
    );
    assert.ok(same(f(0), f(9e-6)));
    assert.ok(!same(f(1), f(1.002)));
    assert.ok(!same(f(Number.NaN), f(0)));
    assert.ok(!same(f(1e30), f(Number.POSITIVE_INFINITY)));
    assert.ok(!same(f(Number.NEGATIVE_INFINITY), f(Number.POSITIVE_INFINITY)));
    assert.ok(!same(f(1), tensor('float32', [1, 1], [1])));
    const i = (...values: number[]): Tensor => tensor('int64', [values.length], values);
    assert.ok(same(i(1, 2), i(1, 2)));
    assert.ok(!same(i(1000, 2), i(1001, 2)));
  });
});
