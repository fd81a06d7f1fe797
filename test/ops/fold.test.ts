import assert from 'node:assert/strict';
import type { Attrs, Constant, TypedConstant } from '../../compiler/ir/constant.ts';
import { bytesOf, type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import type { DType, Shape } from '../../compiler/ir/types.ts';
import { foldNode } from '../../compiler/ops/constants/fold.ts';
import { ConstantReader } from '../../compiler/ops/constants/materialize.ts';
import { opOf, signatures } from '../../compiler/ops/index.ts';
import { assertClose, inferOp, runOp, tensor } from './run-op.ts';

const reader = new ConstantReader();

const splat = (shape: Shape, value: number, dtype: DType = 'float32'): TypedConstant => ({
  type: { dtype, shape },
  constant: { kind: 'splat', value },
});
const random = (shape: Shape): TypedConstant => ({
  type: { dtype: 'float32', shape },
  constant: { kind: 'random', distribution: 'normal', seed: 1, mean: 0, scale: 1 },
});
const inline = (x: Tensor): TypedConstant => ({
  type: x.type,
  constant: { kind: 'inline', bytes: bytesOf(x) },
});
const numbers = (dtype: DType, ...list: number[]): TypedConstant =>
  inline(tensor([list.length], list, dtype));

function fold(op: string, args: readonly TypedConstant[], attrs: Attrs = {}): TypedConstant[] | null {
  const complete = signatures.complete(op, attrs);
  const types = inferOp(
    op,
    args.map((arg) => arg.type),
    complete,
  );
  const constants = foldNode(op, complete, args, types, reader);
  return constants?.map((constant, i) => ({ type: types[i]!, constant })) ?? null;
}
const folded = (op: string, args: readonly TypedConstant[], attrs?: Attrs): Constant =>
  fold(op, args, attrs)![0]!.constant;

/** 400 MB: materialised anywhere, it would be noticed. */
const large: Shape = [100, 1000, 1000];

describe('folding nodes of constants', () => {
  it('evaluates what is small, on any dtype and with several outputs', () => {
    const [sum] = fold('add', [numbers('int64', 1, 2), numbers('int64', 10, 20)])!;
    assert.equal(sum!.constant.kind, 'inline');
    assert.deepEqual(toNumbers(reader.read(sum!)), [11, 22]);
    const parts = fold('split', [numbers('int64', 1, 2, 3)], { axis: 0, sizes: [1, 2] })!;
    assert.deepEqual(
      parts.map((part) => toNumbers(reader.read(part))),
      [[1], [2, 3]],
    );
    const [shape] = fold('concat', [splat([1], -1, 'int64'), splat([2], 4, 'int64')], { axis: 0 })!;
    assert.deepEqual(toNumbers(reader.read(shape!)), [-1, 4, 4]);
  });

  it('evaluated bytes are a copy of their own', () => {
    const x = numbers('float32', 1, 2);
    assert.ok(x.constant.kind === 'inline');
    const same = folded('identity', [x]);
    assert.ok(same.kind === 'inline' && same.bytes.buffer !== x.constant.bytes.buffer);
  });

  it('opens files by itself when no reader is given', () => {
    const [constant] = foldNode('neg', {}, [numbers('float32', 3)], [{ dtype: 'float32', shape: [1] }])!;
    assert.ok(constant?.kind === 'inline');
  });

  it('splats stay splats', () => {
    assert.deepEqual(folded('add', [splat(large, 2), splat(large, 3)]), { kind: 'splat', value: 5 });
    assert.deepEqual(folded('mul', [splat(large, 2), numbers('float32', 4)]), { kind: 'splat', value: 8 });
    assert.deepEqual(folded('add', [splat(large, -2), splat([], 1)], { act: 'relu' }), {
      kind: 'splat',
      value: 0,
    });
    assert.deepEqual(folded('cast', [splat(large, 2.5)], { to: 'int64' }), { kind: 'splat', value: 2 });
    assert.deepEqual(folded('where', [splat(large, 1, 'bool'), splat([1], 5), splat([1], 6)]), {
      kind: 'splat',
      value: 5,
    });
    assert.deepEqual(folded('sqrt', [splat(large, 2)]), { kind: 'splat', value: Math.fround(Math.SQRT2) });
    assert.deepEqual(folded('transpose', [splat(large, 2)], { perm: [2, 1, 0] }), {
      kind: 'splat',
      value: 2,
    });
    assert.deepEqual(folded('reshape', [splat(large, 2)], { shape: [1e8] }), { kind: 'splat', value: 2 });
    assert.deepEqual(folded('expand', [inline(tensor([], [7]))], { shape: large }), {
      kind: 'splat',
      value: 7,
    });
    assert.deepEqual(folded('concat', [splat(large, 2), splat(large, 2)], { axis: 0 }), {
      kind: 'splat',
      value: 2,
    });
    assert.deepEqual(
      fold('split', [splat(large, 2)], { axis: 0, sizes: [40, 60] })!.map((part) => part.constant),
      [
        { kind: 'splat', value: 2 },
        { kind: 'splat', value: 2 },
      ],
    );
    const ids = numbers('int64', ...Array.from({ length: 100 }, (_, i) => i % 7));
    assert.deepEqual(folded('gather', [splat(large, 2), ids]), { kind: 'splat', value: 2 });
  });

  it('splats that differ, or a margin of another value, are no splat', () => {
    assert.equal(folded('concat', [splat(large, 2), splat(large, 3)], { axis: 0 }).kind, 'apply');
    assert.equal(folded('concat', [splat(large, 0), splat(large, -0)], { axis: 0 }).kind, 'apply');
    assert.equal(folded('pad', [splat(large, 2)], { pads: [1, 0, 0, 0, 0, 0] }).kind, 'apply');
    // 2^60 + 1 is no JavaScript number.
    const odd = tensor([1], [0], 'int64');
    odd.data[0] = 2n ** 60n + 1n;
    assert.equal(folded('expand', [inline(odd)], { shape: large }).kind, 'apply');
  });

  it('large expressions stay expressions', () => {
    const scaled = folded('mul', [random(large), numbers('float32', ...new Array<number>(1000).fill(2))]);
    assert.ok(scaled.kind === 'apply' && scaled.op === 'mul');
    for (const [op, attrs] of [
      ['transpose', { perm: [2, 1, 0] }],
      ['slice', { starts: [0, 0, 0], steps: [1, 1, 1], sizes: [50, 1000, 1000] }],
      ['cast', { to: 'float16' }],
      ['exp', {}],
    ] as const)
      assert.equal(folded(op, [random(large)], attrs).kind, 'apply', op);
  });

  it('a view of a recipe that knows no shape is the recipe', () => {
    const x = random(large);
    assert.equal(folded('reshape', [x], { shape: [1e8] }), x.constant);
    const moved = fold('transpose', [x], { perm: [2, 1, 0] })![0]!;
    assert.equal(folded('reshape', [moved], { shape: [1e8] }).kind, 'apply');
  });

  it('leaves what can be neither evaluated nor sliced', () => {
    assert.equal(fold('split', [random(large)], { axis: 0, sizes: [40, 60] }), null);
  });
});

describe('affine coefficients', () => {
  const x = tensor([2, 3, 2, 1], [1, -2, 3, 4, 5, -6, 7, 8, 9, 10, 11, -12]);
  const channels = (...shape: number[]) => tensor(shape, [2, -4, 0.5]);
  const coefficients = (op: string, inputs: readonly (Tensor | TypedConstant)[], attrs: Attrs = {}) => {
    const isConstant = (input: Tensor | TypedConstant): input is TypedConstant => 'constant' in input;
    return opOf(op).traits.affine!.coefficients(
      inputs.map((input) => (isConstant(input) ? input : null)),
      inputs.map((input) => input.type),
      signatures.complete(op, attrs),
    );
  };

  it('say what the op does, wherever the constant stands', () => {
    for (const op of ['add', 'sub', 'mul', 'div'])
      for (const shape of [
        [3, 1, 1],
        [1, 3, 1, 1],
      ])
        for (const left of [false, true]) {
          const c = channels(...shape);
          const inputs = left ? [inline(c), x] : [x, inline(c)];
          const found = coefficients(op, inputs);
          if (op === 'div' && left) {
            assert.equal(found, null);
            continue;
          }
          assert.equal(found!.axis, 1);
          assert.deepEqual([found!.scale.type.shape, found!.shift.type.shape], [[3], [3]]);
          const [scale, shift] = [reader.read(found!.scale), reader.read(found!.shift)];
          const y = toNumbers(x).map((value, i) => {
            const channel = Math.floor(i / 2) % 3;
            return value * Number(scale.data[channel]) + Number(shift.data[channel]);
          });
          const expected = runOp(op, left ? [c, x] : [x, c])[0]!;
          assertClose(toNumbers(expected), y, 1e-6, `${op} ${shape} ${left}`);
        }
  });

  it('one number is a coefficient of shape [1]', () => {
    for (const c of [inline(tensor([], [3])), inline(tensor([1, 1], [3])), splat([2, 3, 2, 1], 3)]) {
      const found = coefficients('mul', [x, c])!;
      assert.deepEqual([found.scale.type.shape, found.shift.type.shape], [[1], [1]]);
      assert.deepEqual(toNumbers(reader.read(found.scale)), [3]);
    }
  });

  it('are not there for anything else', () => {
    assert.equal(coefficients('mul', [x, x]), null);
    assert.equal(coefficients('mul', [x, random([2, 3, 1, 1])]), null, 'two axes');
    assert.equal(coefficients('mul', [tensor([1], [2]), random([3])]), null, 'x is broadcast');
    assert.equal(coefficients('mul', [x, random([1])], { act: 'relu' }), null, 'an epilogue follows');
    assert.equal(
      coefficients('mul', [tensor([2], [1, 2], 'int32'), splat([1], 2, 'int32')]),
      null,
      'integers',
    );
  });
});
