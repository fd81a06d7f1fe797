/** Every op that says how it moves past a transpose is held to it, over all permutations. */
import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { opOf, signatures } from '../../compiler/ops/index.ts';
import { inversePermutation, keepsOrder } from '../../compiler/ops/movement/transpose.ts';
import { iota, randomTensor, runOp, tensor, typeOf } from './run-op.ts';

const permutations = (rank: number): number[][] =>
  rank === 0
    ? [[]]
    : permutations(rank - 1).flatMap((rest) =>
        Array.from({ length: rank }, (_, at) => rest.toSpliced(at, 0, rank - 1)),
      );

const transposed = (x: Tensor, perm: readonly number[]): Tensor => runOp('transpose', [x], { perm })[0]!;

/** What the layout pass does with an input where an op says 'same': leading 1s up to the rank, then the order. */
function reordered(x: Tensor, perm: readonly number[]): Tensor {
  const shape = [...new Array<number>(perm.length - x.type.shape.length).fill(1), ...x.type.shape];
  return transposed({ type: { ...x.type, shape }, data: x.data }, inversePermutation(perm));
}

/** Runs the op on un-transposed inputs as `permute` says; whether it could. */
function holds(op: string, inputs: readonly Tensor[], attrs: Attrs, perm: readonly number[]): boolean {
  const complete = signatures.complete(op, attrs);
  const direct = runOp(op, inputs, complete);
  const types = inputs.map(typeOf);
  const moved = opOf(op).traits.permute!(
    complete,
    perm,
    types,
    direct.map((y) => y.type),
  );
  if (moved === null) return false;
  const given = inputs.map((x, i) => (moved.inputs[i] === 'same' ? reordered(x, perm) : x));
  const results = runOp(op, given, moved.attrs);
  const restored = results.map((y, i) => transposed(y, moved.outputs[i]!));
  const what = `${op} ${JSON.stringify(attrs)} perm ${perm}`;
  assert.deepEqual(
    restored.map((y) => [y.type, toNumbers(y)]),
    direct.map((y) => [y.type, toNumbers(y)]),
    what,
  );
  return true;
}

const x4 = randomTensor([2, 3, 4, 5], 1);
const indices = (shape: number[], ...list: number[]) => tensor(shape, list, 'int64');

const always: readonly [op: string, inputs: readonly Tensor[], attrs?: Attrs][] = [
  ['relu', [x4]],
  ['clip', [x4], { min: -0.5, max: 0.5 }],
  ['identity', [x4]],
  ['cast', [x4], { to: 'bool' }],
  ['add', [x4, randomTensor([2, 3, 4, 5], 2)]],
  ['add', [x4, tensor([], [3])]],
  ['sub', [x4, randomTensor([3, 1, 1], 2)]],
  ['sub', [randomTensor([3, 1, 1], 2), x4]],
  ['mul', [x4, randomTensor([1, 3, 1, 1], 3)]],
  ['div', [x4, randomTensor([5], 3)]],
  ['prelu', [x4, randomTensor([3, 1, 1], 4)]],
  ['max', [randomTensor([2, 1, 4, 1], 5), randomTensor([1, 3, 1, 5], 6)]],
  ['less', [x4, randomTensor([4, 1], 3)]],
  ['where', [tensor([3, 1, 1], [1, 0, 1], 'bool'), x4, tensor([1], [0])]],
  ['concat', [x4, randomTensor([2, 1, 4, 5], 2), x4], { axis: 1 }],
  ['concat', [x4, x4], { axis: 3 }],
  ['split', [x4], { axis: 2, sizes: [1, 3] }],
  ['slice', [x4], { starts: [0, 2, 1, 4], steps: [1, -1, 2, -2], sizes: [2, 3, 2, 2] }],
  ['pad', [x4], { pads: [0, 1, 2, 0, 1, 0, 0, 3], value: 7 }],
  ['pad', [x4], { pads: [0, 1, 2, 0, 1, 0, 0, 3], mode: 'reflect' }],
  ['pad', [x4], { pads: [0, 1, 2, 0, 1, 0, 0, 3], mode: 'edge' }],
  ['expand', [randomTensor([2, 1, 4], 1)], { shape: [2, 3, 4] }],
  ['expand', [randomTensor([2, 1], 1)], { shape: [4, 3, 2, 5] }],
  ['gather', [x4, indices([2], 2, 0)], { axis: 1 }],
  ['gather', [x4, indices([], 2)], { axis: 2 }],
  ['gather', [x4, indices([2, 2], 2, 0, 1, 1)], { axis: 3 }],
  ['transpose', [x4], { perm: [2, 0, 3, 1] }],
  // One group of axes for every axis: nothing that is together can come apart.
  ['reshape', [x4], { shape: [2, 3, 1, 4, 5] }],
  ['reshape', [x4], { shape: [1, 2, 3, 2, 2, 5, 1] }],
  ['reshape', [randomTensor([1, 6, 1, 1], 1)], { shape: [1, 6] }],
  ['reshape', [randomTensor([2, 6, 1, 1], 1)], { shape: [2, 6] }],
  ['reshape', [randomTensor([1, 6, 1, 1], 1)], { shape: [6] }],
  ['reshape', [randomTensor([1, 6, 1, 4], 1)], { shape: [2, 3, 1, 2, 2] }],
  ['reshape', [randomTensor([1, 1], 1)], { shape: [] }],
  ['reshape', [randomTensor([1, 1], 1)], { shape: [1, 1, 1] }],
];

describe('ops moved past a transpose', () => {
  for (const [op, inputs, attrs = {}] of always)
    it(`${op} ${JSON.stringify(attrs)} of ${inputs.map((x) => `[${x.type.shape}]`).join(' ')}`, () => {
      // The permutation is of the rank of the output where the first input is the lower one.
      // Of an elementwise op any input may be the transposed one; it has the rank of the result.
      const ranks = inputs.map((x) => x.type.shape.length);
      const rank = opOf(op).traits.elementwise ? Math.max(...ranks) : ranks[0]!;
      for (const perm of permutations(rank)) assert.ok(holds(op, inputs, attrs, perm), `perm ${perm}`);
    });

  it('reshape moves if merged axes stay together and in order', () => {
    const flatten: Attrs = { shape: [2, 3, 20] };
    assert.ok(holds('reshape', [x4], flatten, [0, 3, 1, 2])); // x' is [2,4,5,3]
    assert.ok(holds('reshape', [x4], flatten, [2, 3, 0, 1])); // x' is [4,5,2,3]
    assert.ok(!holds('reshape', [x4], flatten, [0, 1, 3, 2]));
    assert.ok(!holds('reshape', [x4], { shape: [2, 60] }, [0, 3, 1, 2]));
    for (const perm of permutations(4)) holds('reshape', [x4], { shape: [6, 2, 10] }, perm);
    // Channel shuffle: [1,8,5,5] → [1,2,4,5,5] over channels-last.
    assert.ok(holds('reshape', [iota([1, 8, 5, 5])], { shape: [1, 2, 4, 5, 5] }, [0, 3, 1, 2]));
    // An axis of 1 between merged ones does not part them.
    assert.ok(holds('reshape', [iota([2, 3, 1, 4])], { shape: [24] }, [0, 1, 3, 2]));
  });

  it('a permutation of another rank than the result is left where it is', () => {
    assert.ok(!holds('add', [iota([2, 3]), iota([4, 2, 3])], {}, [1, 0]));
  });

  it('keepsOrder tells a transpose that only moves axes of 1', () => {
    assert.ok(keepsOrder([1, 8, 1, 1], [0, 2, 3, 1]));
    assert.ok(keepsOrder([2, 1, 3], [1, 0, 2]));
    assert.ok(!keepsOrder([2, 1, 3], [2, 1, 0]));
  });
});
