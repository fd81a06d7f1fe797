import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { opOf, signatures } from '../../compiler/ops/index.ts';
import { unaryFunctions } from '../../runtime/kernels/functions.ts';
import { assertClose, inferred, refuses, runOp, tensor, values } from './run-op.ts';

const INF = Number.POSITIVE_INFINITY;

/** Inputs and results, worked out by hand or from tables (erf: Abramowitz & Stegun, table 7.1). */
const cases: readonly [op: string, attrs: Attrs, x: number[], y: number[]][] = [
  ['relu', {}, [-2, -0.5, 0, 3], [0, 0, 0, 3]],
  ['sigmoid', {}, [0, Math.log(3), -Math.log(3), 1000, -1000], [0.5, 0.75, 0.25, 1, 0]],
  ['hardSwish', {}, [-4, -3, -1, 0, 1, 3, 5], [0, 0, -1 / 3, 0, 2 / 3, 3, 5]],
  ['tanh', {}, [0, Math.log(2), -Math.log(2), 50], [0, 0.6, -0.6, 1]],
  ['silu', {}, [0, Math.log(3), -1000], [0, 0.75 * Math.log(3), 0]],
  ['mish', {}, [0, 1, -1, 100], [0, 0.86509839, -0.30340146, 100]],
  ['softplus', {}, [0, 1000, -1000, 1], [Math.LN2, 1000, 0, 1.31326169]],
  ['exp', {}, [0, 1, -1, -200], [1, Math.E, 0.36787944, 0]],
  ['log', {}, [1, 8, 0.5], [0, 3 * Math.LN2, -Math.LN2]],
  ['sqrt', {}, [0, 4, 2], [0, 2, Math.SQRT2]],
  ['reciprocal', {}, [1, -4, 0], [1, -0.25, INF]],
  [
    'erf',
    {},
    [0, 0.5, 1, -1, 2, 2.4, 2.6, 7],
    [0, 0.5204998778, 0.8427007929, -0.8427007929, 0.995322265, 0.999311486, 0.999763966, 1],
  ],
  ['abs', {}, [-2, 0, 3.5], [2, 0, 3.5]],
  ['neg', {}, [-2, 3.5], [2, -3.5]],
  ['floor', {}, [-1.5, 1.5, 2], [-2, 1, 2]],
  ['ceil', {}, [-1.5, 1.5, 2], [-1, 2, 2]],
  ['sin', {}, [0, Math.PI / 6, -Math.PI / 2], [0, 0.5, -1]],
  ['cos', {}, [0, Math.PI / 3, Math.PI], [1, 0.5, -1]],
  ['tan', {}, [0, Math.PI / 4, -Math.PI / 3], [0, 1, -1.73205081]],
  ['asin', {}, [0, 0.5, -1], [0, 0.52359878, -1.57079633]],
  ['acos', {}, [1, 0.5, -1], [0, 1.04719755, Math.PI]],
  ['atan', {}, [0, 1, -INF], [0, 0.78539816, -1.57079633]],
  ['sinh', {}, [0, Math.LN2, -Math.LN2], [0, 0.75, -0.75]],
  ['cosh', {}, [0, Math.LN2, -Math.LN2], [1, 1.25, 1.25]],
  ['asinh', {}, [0, 0.75, -0.75], [0, Math.LN2, -Math.LN2]],
  ['acosh', {}, [1, 1.25], [0, Math.LN2]],
  ['atanh', {}, [0, 0.6, -0.6, 1], [0, Math.LN2, -Math.LN2, INF]],
  ['round', {}, [-2.5, -1.5, -0.4, 0.5, 1.5, 2.5, 2.6], [-2, -2, 0, 0, 2, 2, 3]],
  ['sign', {}, [-3, 0, 0.5], [-1, 0, 1]],
  ['clip', {}, [-INF, 5], [-INF, 5]],
  ['clip', { min: 0, max: 6 }, [-1, 3, 7], [0, 3, 6]],
  ['clip', { min: 2 }, [-1, 3, 7], [2, 3, 7]],
  ['leakyRelu', {}, [-2, 3], [-0.02, 3]],
  ['leakyRelu', { alpha: 0.25 }, [-2, 3], [-0.5, 3]],
  ['hardSigmoid', {}, [-3, 0, 1, 3], [0, 0.5, 0.7, 1]],
  ['hardSigmoid', { alpha: 0.5, beta: 0.6 }, [-1, 0, 1], [0.1, 0.6, 1]],
  ['elu', {}, [-Math.LN2, 2], [-0.5, 2]],
  ['elu', { alpha: 2 }, [-Math.LN2, 2], [-1, 2]],
  ['celu', {}, [-Math.LN2, 2], [-0.5, 2]],
  ['celu', { alpha: 2 }, [-2 * Math.LN2, 0, 3], [-1, 0, 3]],
  ['celu', { alpha: 0.5 }, [-0.5 * Math.LN2, -1e3, 1e3], [-0.25, -0.5, 1e3]],
  ['gelu', {}, [0, 1, -1, 3], [0, 0.84134475, -0.15865525, 2.99595031]],
  ['gelu', { approximate: 'tanh' }, [0, 1, -1], [0, 0.84119199, -0.15880801]],
];

describe('unary ops', () => {
  for (const [op, attrs, x, y] of cases)
    it(`${op} ${JSON.stringify(attrs)}`, () => {
      assert.equal(inferred(op, `[${x.length}]`, attrs), `float32[${x.length}]`);
      for (const dtype of ['float32', 'float64', 'float16'] as const)
        assertClose(
          values(op, [tensor([x.length], x, dtype)], attrs),
          y,
          dtype === 'float16' ? 1e-3 : 1e-6,
          dtype,
        );
    });

  it('covers every function of the engine', () => {
    const seen = new Set(
      cases.map(([op, attrs]) => opOf(op).traits.activation?.(signatures.complete(op, attrs))?.fn),
    );
    assert.deepEqual(
      unaryFunctions.filter((fn) => !seen.has(fn)),
      ['none'],
    );
  });

  it('lets NaN through', () => {
    for (const [op, attrs] of cases)
      assert.ok(Number.isNaN(values(op, [tensor([1], [Number.NaN])], attrs)[0]), op);
  });

  it('works on integers where ONNX has them', () => {
    for (const dtype of ['int64', 'int32', 'int8'] as const) {
      const x = tensor([4], [-5, -1, 0, 7], dtype);
      assert.deepEqual(values('relu', [x]), [0, 0, 0, 7]);
      assert.deepEqual(values('abs', [x]), [5, 1, 0, 7]);
      assert.deepEqual(values('sign', [x]), [-1, -1, 0, 1]);
      assert.deepEqual(values('clip', [x], { min: -2, max: 3 }), [-2, -1, 0, 3]);
      assert.deepEqual(values('clip', [x], { min: -2 }), [-2, -1, 0, 7]);
      assert.deepEqual(toNumbers(runOp('neg', [tensor([2], [-5, 7], dtype)])[0]!), [5, -7]);
    }
  });

  it('refuses what it is not defined on', () => {
    refuses('sigmoid', '[2]', {}, /sigmoid of int32.*floating point/s, 'int32');
    refuses('sin', '[2]', {}, /sin of int32.*floating point/s, 'int32');
    refuses('sign', '[2]', {}, /sign of bool.*number/s, 'bool');
    refuses('celu', '[2]', { alpha: 0 }, /alpha.*other than 0/s);
    refuses('celu', '[2]', {}, /floating point/, 'int64');
    refuses('abs', '[2]', {}, /abs of bool.*number/s, 'bool');
    refuses('gelu', '[2]', { approximate: 'sometimes' }, /approximate.*'none' or 'tanh'.*sometimes/s);
  });
});
