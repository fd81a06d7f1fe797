/** x · Φ(x), exactly (by erf) or in the approximation by tanh. */
import { shapeError } from '../define/op.ts';
import { defineUnary } from './unary.ts';

export const gelu = defineUnary({
  name: 'gelu',
  attrs: { approximate: 'none' },
  fn({ approximate }) {
    if (approximate !== 'none' && approximate !== 'tanh')
      throw shapeError('approximate', "'none' or 'tanh'", approximate);
    return { fn: approximate === 'tanh' ? 'geluTanh' : 'gelu', alpha: 0, beta: 0 };
  },
});
