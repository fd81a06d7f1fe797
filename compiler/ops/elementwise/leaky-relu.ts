/** x, times alpha below zero. */
import { defineUnary } from './unary.ts';

export const leakyRelu = defineUnary({
  name: 'leakyRelu',
  attrs: { alpha: 0.01 },
  fn: ({ alpha }) => ({ fn: 'leakyRelu', alpha, beta: 0 }),
});
