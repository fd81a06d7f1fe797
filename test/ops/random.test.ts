import assert from 'node:assert/strict';
import type { RandomConstant, TypedConstant } from '../../compiler/ir/constant.ts';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import type { DType } from '../../compiler/ir/types.ts';
import { ConstantReader } from '../../compiler/ops/constants/materialize.ts';

const stream = (fields: Partial<RandomConstant>, count: number, dtype: DType = 'float32'): TypedConstant => ({
  type: { dtype, shape: [count] },
  constant: { kind: 'random', distribution: 'normal', seed: 1, mean: 0, scale: 1, ...fields },
});

const COUNT = 400_000;
const reader = new ConstantReader();
const numbers = (fields: Partial<RandomConstant>, count = COUNT, dtype?: DType): number[] =>
  toNumbers(reader.read(stream(fields, count, dtype)));

const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
/** Mean of the p-th power of the deviations. */
const moment = (list: readonly number[], p: number): number => {
  const m = mean(list);
  return mean(list.map((x) => (x - m) ** p));
};

describe('random recipes', () => {
  it('give the same elements for ever: bundles are compared by their bytes', () => {
    assert.deepEqual(
      numbers({ seed: 7 }, 4),
      [0.09912174195051193, 0.36977168917655945, 1.0220438241958618, -0.24991938471794128],
    );
    assert.deepEqual(
      numbers({ seed: 7, distribution: 'uniform' }, 4),
      [0.07895839214324951, 0.28844738006591797, 0.6932398080825806, -0.19735030829906464],
    );
  });

  it('are normal', () => {
    for (const seed of [0, 1, 0xffffffff]) {
      const list = numbers({ seed, mean: 2, scale: 3 });
      // Five standard errors of each statistic.
      assert.ok(Math.abs(mean(list) - 2) < (5 * 3) / Math.sqrt(COUNT));
      assert.ok(Math.abs(moment(list, 2) / 9 - 1) < 5 * Math.sqrt(2 / COUNT));
      assert.ok(Math.abs(moment(list, 3) / 27) < 5 * Math.sqrt(15 / COUNT));
      assert.ok(Math.abs(moment(list, 4) / 81 - 3) < 5 * Math.sqrt(96 / COUNT));
      const within = (z: number) => list.filter((x) => Math.abs(x - 2) < z * 3).length / COUNT;
      for (const [z, share] of [
        [0.5, 0.382925],
        [1.959964, 0.95],
        [2.2, 0.972193], // beyond 1.97 the approximation of the tails is at work
        [3, 0.9973],
      ] as const)
        assert.ok(Math.abs(within(z) - share) < 5 * Math.sqrt((share * (1 - share)) / COUNT), `${z}`);
    }
  });

  it('are uniform', () => {
    const list = numbers({ distribution: 'uniform', mean: 10, scale: 2 });
    assert.ok(list.every((x) => x >= 8 && x <= 12));
    const bins = new Array<number>(64).fill(0);
    for (const x of list) bins[Math.min(63, Math.floor((x - 8) * 16))]!++;
    const expected = COUNT / 64;
    const chi = bins.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    assert.ok(chi > 20 && chi < 130, `chi² with 63 degrees of freedom: ${chi}`);
  });

  it('are independent of their neighbours and of other seeds', () => {
    const list = numbers({ seed: 3 });
    const correlation = (other: readonly number[]) => Math.abs(mean(list.map((x, i) => x * (other[i] ?? 0))));
    const bound = 5 / Math.sqrt(COUNT);
    for (const lag of [1, 2, 3, 16, 64, 1024]) assert.ok(correlation(list.slice(lag)) < bound, `lag ${lag}`);
    for (const seed of [2, 4, 3 + 2 ** 31]) assert.ok(correlation(numbers({ seed })) < bound, `seed ${seed}`);
  });

  it('can be made from any place on, past 2³² too', () => {
    const long = stream({ seed: 5 }, 2 ** 33);
    for (const first of [12_345, 2 ** 32 - 5, 2 ** 33 - 10]) {
      const ten = toNumbers(reader.readRange(long, first, 10));
      for (let i = 0; i < 10; i++)
        assert.equal(toNumbers(reader.readRange(long, first + i, 1))[0], ten[i], `${first} + ${i}`);
    }
    assert.notDeepEqual(reader.readRange(long, 0, 8).data, reader.readRange(long, 2 ** 32, 8).data);
  });

  it('are rounded to their dtype', () => {
    const wide = numbers({ seed: 9 }, 100, 'float64');
    assert.deepEqual(numbers({ seed: 9 }, 100), wide.map(Math.fround));
    numbers({ seed: 9 }, 100, 'float16').forEach((x, i) => {
      assert.ok(Math.abs(x - wide[i]!) <= Math.abs(wide[i]!) * 2 ** -11 + 2 ** -25);
    });
    assert.ok(numbers({ seed: 9, scale: 100 }, 100, 'int64').every(Number.isInteger));
  });
});
