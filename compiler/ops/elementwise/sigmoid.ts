/** 1 / (1 + e⁻ˣ). */
import { defineUnary } from './unary.ts';

export const sigmoid = defineUnary({
  name: 'sigmoid',
  attrs: {},
  fn: () => ({ fn: 'sigmoid', alpha: 0, beta: 0 }),
});
