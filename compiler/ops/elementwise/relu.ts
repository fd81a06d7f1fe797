/** max(x, 0). */
import { defineUnary } from './unary.ts';

export const relu = defineUnary({
  name: 'relu',
  attrs: {},
  fn: () => ({ fn: 'relu', alpha: 0, beta: 0 }),
  integer: (x) => (x > 0n ? x : 0n),
});
