/** Einsum against sums over all labels. */
import assert from 'node:assert/strict';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import { stridesOf } from '../../compiler/ir/types.ts';
import { assertClose, iota, randomTensor, tensor } from '../ops/run-op.ts';
import { node } from './make-model.ts';
import { runParts } from './run-model.ts';

async function einsum(equation: string, operands: readonly Tensor[]) {
  const names = operands.map((_, i) => `x${i}`);
  const [result] = await runParts(
    {
      nodes: [node('Einsum', names, ['y'], { equation })],
      inputs: Object.fromEntries(operands.map(({ type }, i) => [names[i]!, type])),
      outputs: ['y'],
    },
    Object.fromEntries(operands.map((operand, i) => [names[i]!, operand])),
  );
  return result!;
}

/** Σ over the labels that the result has not, of the products of all operands. */
function plain(terms: readonly string[], result: string, operands: readonly Tensor[]): number[] {
  const extent = new Map<string, number>();
  for (const [i, labels] of terms.entries())
    for (const [axis, label] of [...labels].entries())
      extent.set(label, Math.max(extent.get(label) ?? 1, operands[i]!.type.shape[axis]!));
  const labels = [...result, ...[...extent.keys()].filter((label) => !result.includes(label))];
  const shape = labels.map((label) => extent.get(label)!);
  const inner = shape.slice(result.length).reduce((product, n) => product * n, 1);
  const count = shape.reduce((product, n) => product * n, 1);
  const strides = stridesOf(shape);
  const sums = new Array<number>(count / inner).fill(0);
  for (let n = 0; n < count; n++) {
    const at = (label: string): number => {
      const axis = labels.indexOf(label);
      return Math.floor(n / strides[axis]!) % shape[axis]!;
    };
    const factors = operands.map(({ type, data }, i) => {
      const own = stridesOf(type.shape);
      const offset = [...terms[i]!].reduce(
        (sum, label, axis) => sum + (type.shape[axis] === 1 ? 0 : at(label)) * own[axis]!,
        0,
      );
      return Number(data[offset]);
    });
    sums[Math.floor(n / inner)]! += factors.reduce((product, factor) => product * factor, 1);
  }
  return sums;
}

describe('Einsum', () => {
  it('is the sum of products over all labels that the result lacks', async () => {
    const cases: [equation: string, shapes: number[][]][] = [
      ['ij->ji', [[2, 3]]],
      ['ij->i', [[2, 3]]],
      ['ij->', [[2, 3]]],
      ['ii->i', [[3, 3]]],
      ['iji->ij', [[3, 2, 3]]],
      ['iii->', [[3, 3, 3]]],
      ['i,j->ij', [[2], [3]]],
      ['i,i->', [[4], [4]]],
      [
        'ij,jk->ik',
        [
          [2, 3],
          [3, 4],
        ],
      ],
      [
        'bij,bjk->bik',
        [
          [2, 3, 4],
          [2, 4, 5],
        ],
      ],
      [
        'bhqd,bhkd->bhqk',
        [
          [2, 2, 3, 4],
          [2, 2, 5, 4],
        ],
      ],
      [
        'bqhd,bkhd->bhqk',
        [
          [2, 3, 2, 4],
          [2, 5, 2, 4],
        ],
      ],
      [
        'ij,kj->ki',
        [
          [2, 3],
          [4, 3],
        ],
      ],
      [
        'ij,jk,kl->il',
        [
          [2, 3],
          [3, 4],
          [4, 2],
        ],
      ],
      [
        'ij,ij,ij->j',
        [
          [2, 3],
          [2, 3],
          [2, 3],
        ],
      ],
      [
        'ik,jl->ij',
        [
          [2, 3],
          [4, 5],
        ],
      ],
      [
        'ij,jk->ik',
        [
          [2, 1],
          [3, 4],
        ],
      ],
      [
        'ii,ij->j',
        [
          [3, 3],
          [3, 2],
        ],
      ],
    ];
    for (const [equation, shapes] of cases) {
      const operands = shapes.map((shape, i) => randomTensor(shape, i + 1));
      const [left, right] = equation.split('->') as [string, string];
      const result = await einsum(equation, operands);
      assertClose(result.values, plain(left.split(','), right, operands), 1e-5, equation);
    }
  });

  it('has axes without names, and a result that follows from the operands', async () => {
    const [a, b] = [randomTensor([2, 1, 3, 4], 1), randomTensor([5, 4, 2], 2)];
    const spelt = plain(['xyij', 'yjk'], 'xyik', [a, b]);
    const dots = await einsum('...ij,...jk->...ik', [a, b]);
    assert.deepEqual(dots.shape, [2, 5, 3, 2]);
    assertClose(dots.values, spelt, 1e-5);
    assertClose((await einsum('... i j, ... j k', [a, b])).values, spelt, 1e-5);
    assert.deepEqual((await einsum('ba', [iota([2, 3])])).values, [0, 3, 1, 4, 2, 5]);
    assert.deepEqual((await einsum('ij,jk', [iota([1, 2]), iota([2, 1])])).values, [1]);
    assert.deepEqual((await einsum('ii', [iota([2, 2])])).values, [3]);
    assert.deepEqual((await einsum('...i->...', [iota([2, 2])])).values, [1, 5]);
  });

  it('multiplies integers too, and says what it cannot read', async () => {
    const whole = tensor([2, 2], [1, 2, 3, 4], 'int32');
    assert.deepEqual((await einsum('ij,jk->ik', [whole, whole])).values, [7, 10, 15, 22]);
    const x = iota([2, 2]);
    for (const wrong of ['ij->k', 'ij->ii', 'i->i', 'ij,j->i', 'i1->i', 'ij->ij->i'])
      await assert.rejects(einsum(wrong, [x]), { code: 'MODEL_INVALID' }, wrong);
    await assert.rejects(einsum('ij,jk->ik', [x, iota([3, 2])]), /label "j"/);
    await assert.rejects(einsum('ii->i', [iota([2, 3])]), /label "i"/);
  });
});
