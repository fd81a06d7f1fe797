/** The largest integer not above x. */
import { defineUnary } from './unary.ts';

export const floor = defineUnary({
  name: 'floor',
  attrs: {},
  fn: () => ({ fn: 'floor', alpha: 0, beta: 0 }),
});
