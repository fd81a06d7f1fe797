/** max(0, min(1, alpha·x + beta)). */
import { defineUnary } from './unary.ts';

export const hardSigmoid = defineUnary({
  name: 'hardSigmoid',
  attrs: { alpha: 0.2, beta: 0.5 },
  fn: ({ alpha, beta }) => ({ fn: 'hardSigmoid', alpha, beta }),
});
