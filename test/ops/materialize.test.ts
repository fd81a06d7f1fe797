import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomNumbers } from '../../cli/random.ts';
import type { Attrs, Constant, TypedConstant } from '../../compiler/ir/constant.ts';
import { bytesOf, type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { type DType, elementCount, type Shape } from '../../compiler/ir/types.ts';
import { boxesOfRange } from '../../compiler/ops/constants/boxes.ts';
import { ConstantReader } from '../../compiler/ops/constants/materialize.ts';
import { signatures } from '../../compiler/ops/index.ts';
import { MillraceError } from '../../runtime/error.ts';
import { inferOp, iota, randomTensor, runOp, tensor } from './run-op.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-recipes-'));
const reader = new ConstantReader();
after(() => {
  reader.close();
  rmSync(folder, { recursive: true });
});

const typed = (dtype: DType, shape: Shape, constant: Constant): TypedConstant => ({
  type: { dtype, shape },
  constant,
});

const inline = (x: Tensor): TypedConstant => ({
  type: x.type,
  constant: { kind: 'inline', bytes: bytesOf(x) },
});

let files = 0;
/** The tensor in a file, at an offset that suits no element type. */
function inFile(x: Tensor): TypedConstant {
  const path = join(folder, `${files++}.bin`);
  writeFileSync(path, Buffer.concat([Buffer.from('abc'), bytesOf(x)]));
  return { type: x.type, constant: { kind: 'file', path, offset: 3 } };
}

const splat = (shape: Shape, value: number, dtype: DType = 'float32'): TypedConstant =>
  typed(dtype, shape, { kind: 'splat', value });

const random = (shape: Shape, seed: number): TypedConstant =>
  typed('float32', shape, { kind: 'random', distribution: 'normal', seed, mean: 0, scale: 1 });

function apply(op: string, args: readonly TypedConstant[], attrs: Attrs = {}): TypedConstant {
  const full = signatures.complete(op, attrs);
  const [type] = inferOp(
    op,
    args.map((arg) => arg.type),
    full,
  );
  return { type: type!, constant: { kind: 'apply', op, attrs: full, args } };
}

/** The whole constant, by the references alone. */
function whole({ type, constant }: TypedConstant): Tensor {
  if (constant.kind === 'apply') return runOp(constant.op, constant.args.map(whole), constant.attrs)[0]!;
  return reader.read({ type, constant });
}

const x = randomTensor([4, 6, 5], 1);
const kernel = randomTensor([6, 4, 3, 3], 2);

const recipes: Readonly<Record<string, TypedConstant>> = {
  inline: inline(x),
  'a scalar': inline(tensor([], [7])),
  'a file': inFile(x),
  'a file of float16': inFile(randomTensor([4, 6, 5], 1, 'float16')),
  'a file of int64': inFile(iota([4, 6, 5], 'int64')),
  splat: splat([4, 6, 5], 2.5),
  'splat of bools': splat([4, 6], 3, 'bool'),
  'splat of int64': splat([4, 6], -3, 'int64'),
  'splat of float16': splat([4, 6], 0.5, 'float16'),
  random: random([4, 6, 5], 3),
  'a folded kernel': apply('mul', [inFile(kernel), inline(randomTensor([6, 1, 1, 1], 3))]),
  'a scaled vector of lower rank': apply('add', [inFile(x), inline(randomTensor([5], 4))]),
  'arguments that broadcast each other': apply('add', [
    inFile(randomTensor([4, 1, 5], 1)),
    inFile(randomTensor([6, 1], 2)),
  ]),
  'a reshaped file': apply('reshape', [inFile(x)], { shape: [8, 15] }),
  'a reshaped expression': apply('reshape', [apply('mul', [inFile(x), inline(randomTensor([6, 1], 4))])], {
    shape: [10, 12],
  }),
  'a view of a view': apply('reshape', [apply('reshape', [inFile(x)], { shape: [120] })], {
    shape: [3, 2, 20],
  }),
  'a transposed file': apply('transpose', [inFile(x)], { perm: [2, 0, 1] }),
  'a transposed folded kernel': apply(
    'transpose',
    [apply('mul', [inFile(kernel), inline(randomTensor([6, 1, 1, 1], 3))])],
    { perm: [2, 3, 1, 0] },
  ),
  'a sum of transposed files': apply('add', [
    apply('transpose', [inFile(x)], { perm: [1, 0, 2] }),
    random([6, 4, 5], 9),
  ]),
  'a cast file': apply('cast', [inFile(randomTensor([4, 6, 5], 1, 'float16'))], { to: 'float32' }),
  'a concatenation': apply('concat', [inFile(x), splat([4, 1, 5], 9), random([4, 3, 5], 5)], { axis: 1 }),
  'a slice': apply('slice', [inFile(x)], { starts: [3, 1, 0], steps: [-1, 2, 1], sizes: [4, 3, 5] }),
  'a padded file': apply('pad', [inFile(x)], { pads: [1, 0, 2, 0, 3, 1], value: -1 }),
  'a mirrored file': apply('pad', [inFile(x)], { pads: [1, 0, 2, 0, 3, 1], mode: 'reflect' }),
  'an expanded file': apply('expand', [inFile(randomTensor([6, 1], 1))], { shape: [3, 6, 4] }),
  'gathered rows': apply('gather', [inFile(x), inline(tensor([2, 2], [0, -1, 3, 2], 'int64'))], { axis: 1 }),
  'a gathered row': apply('gather', [inFile(x), inline(tensor([], [2], 'int64'))], { axis: 0 }),
  'an op without regions': apply('split', [inFile(x)], { axis: 0, sizes: [4] }),
  'nothing at all': apply('concat', [splat([0, 3], 1)], { axis: 0 }),
};

const sliceOf = (x: Tensor, starts: number[], sizes: number[]): Tensor =>
  runOp('slice', [x], { starts, steps: starts.map(() => 1), sizes })[0]!;

describe('recipes', () => {
  for (const [name, constant] of Object.entries(recipes))
    it(`slices and ranges of ${name}`, () => {
      const all = whole(constant);
      assert.deepEqual(reader.read(constant), all);
      const { shape } = constant.type;
      const next = randomNumbers(42);
      const below = (n: number) => Math.floor(next() * n);
      for (let round = 0; round < 40; round++) {
        const sizes = shape.map((dim) =>
          round % 10 === 0 ? below(dim + 1) : dim === 0 ? 0 : 1 + below(dim),
        );
        const starts = shape.map((dim, axis) => below(dim - sizes[axis]! + 1));
        const slice = reader.readSlice(constant, starts, sizes);
        assert.deepEqual(slice.type, { dtype: constant.type.dtype, shape: sizes });
        assert.deepEqual(slice, sliceOf(all, starts, sizes), `[${starts}] + [${sizes}]`);
        const count = below(elementCount(shape) + 1);
        const first = below(elementCount(shape) - count + 1);
        const range = reader.readRange(constant, first, count);
        assert.deepEqual(range.data, all.data.slice(first, first + count), `${first} + ${count}`);
      }
    });

  it('refuse slices that are not inside', () => {
    const inner = (starts: number[], sizes: number[]) => () =>
      reader.readSlice(splat([2, 3], 1), starts, sizes);
    assert.throws(inner([1, 0], [2, 3]), /slice/);
    assert.throws(inner([-1, 0], [1, 1]), /slice/);
    assert.throws(inner([0], [2]), /slice/);
    assert.throws(() => reader.readRange(splat([2, 3], 1), 5, 2), /elements/);
  });

  it('evaluate a slice of an expression far larger than memory', () => {
    const wide: Shape = [1 << 20, 1 << 16];
    const product = apply('mul', [
      random(wide, 1),
      apply('transpose', [random([1 << 16, 1 << 20], 2)], { perm: [1, 0] }),
    ]);
    const starts = [1_000_000, 50_000];
    const a = reader.readSlice(random(wide, 1), starts, [2, 3]);
    const b = reader.readSlice(random([1 << 16, 1 << 20], 2), [50_000, 1_000_000], [3, 2]);
    const expected = runOp('mul', [a, runOp('transpose', [b], { perm: [1, 0] })[0]!])[0]!;
    assert.deepEqual(reader.readSlice(product, starts, [2, 3]), expected);
  });

  it('evaluate large expressions piece by piece', () => {
    const rows = 1500; // 6 MB: more than one piece
    const sum = apply('add', [random([rows, 1000], 1), random([1000], 2)]);
    const all = reader.read(sum);
    const [a, b] = [reader.read(random([rows, 1000], 1)), reader.read(random([1000], 2))];
    assert.deepEqual(all, runOp('add', [a, b])[0]);
    assert.deepEqual(reader.readRange(sum, 5, 1_400_000).data, all.data.slice(5, 1_400_005));
  });

  it('refuse what must be evaluated whole and is too large', () => {
    const huge = apply('split', [random([1 << 25], 1)], { axis: 0, sizes: [1 << 25] });
    assert.throws(
      () => reader.readSlice(huge, [0], [1]),
      (error) =>
        error instanceof MillraceError && error.code === 'MODEL_UNSUPPORTED' && /split/.test(error.message),
    );
  });
});

describe('recipes in files', () => {
  it('strided slices are read in windows', () => {
    // 6 rows of 4 MiB without their first element: the gaps are worth reading, all rows together are not.
    const columns = 1 << 20;
    const path = join(folder, 'rows.bin');
    const row = new Float32Array(columns);
    const rows: Buffer[] = [];
    for (let i = 0; i < 6; i++) rows.push(Buffer.from(row.fill(i).slice().buffer));
    writeFileSync(path, Buffer.concat(rows));
    const file = typed('float32', [6, columns], { kind: 'file', path, offset: 0 });
    const slice = reader.readSlice(file, [0, 1], [6, columns - 1]).data as Float32Array;
    for (let i = 0; i < 6; i++)
      assert.ok(slice.subarray(i * (columns - 1), (i + 1) * (columns - 1)).every((value) => value === i));
    // Single columns lie too far apart to be read together.
    assert.deepEqual(toNumbers(reader.readSlice(file, [0, 7], [6, 1])), [0, 1, 2, 3, 4, 5]);
    rmSync(path);
  });

  it('many files are read with few descriptors', () => {
    const own = new ConstantReader();
    const constants = Array.from({ length: 20 }, (_, i) => inFile(tensor([2], [i, i])));
    for (let round = 0; round < 2; round++)
      for (const [i, constant] of constants.entries())
        assert.deepEqual(toNumbers(own.read(constant)), [i, i]);
    own.close();
    assert.deepEqual(toNumbers(own.read(constants[3]!)), [3, 3]);
    own.close();
  });

  it('a truncated file is an error that says so', () => {
    const constant = inFile(x);
    assert.ok(constant.constant.kind === 'file');
    truncateSync(constant.constant.path, 3 + 4 * 100);
    assert.equal(reader.readRange(constant, 0, 100).data.length, 100);
    assert.throws(
      () => reader.readRange(constant, 50, 60),
      (error) =>
        error instanceof MillraceError &&
        error.code === 'MODEL_EXTERNAL_DATA' &&
        /240 bytes at offset 203.*got: 200 bytes.*truncated/s.test(error.message),
    );
    assert.throws(() => reader.read(apply('add', [constant, constant])), /ends within a constant/);
  });

  it('a file that is missing or is a folder is an error', () => {
    for (const path of [join(folder, 'nowhere.bin'), folder])
      assert.throws(
        () => reader.read(typed('float32', [2], { kind: 'file', path, offset: 0 })),
        (error) => error instanceof MillraceError && error.code === 'MODEL_READ' && error.at === path,
      );
  });
});

describe('boxesOfRange', () => {
  it('cuts a range into boxes in order', () => {
    assert.deepEqual(boxesOfRange([4, 6], 5, 16), [
      { starts: [0, 5], sizes: [1, 1] },
      { starts: [1, 0], sizes: [2, 6] },
      { starts: [3, 0], sizes: [1, 3] },
    ]);
    assert.deepEqual(boxesOfRange([2, 3, 4], 5, 2), [{ starts: [0, 1, 1], sizes: [1, 1, 2] }]);
    assert.deepEqual(boxesOfRange([], 0, 1), [{ starts: [], sizes: [] }]);
    assert.deepEqual(boxesOfRange([3], 1, 0), []);
  });
});
