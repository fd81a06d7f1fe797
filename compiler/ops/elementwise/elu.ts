/** x, below zero alpha · (eˣ − 1). */
import { defineUnary } from './unary.ts';

export const elu = defineUnary({
  name: 'elu',
  attrs: { alpha: 1 },
  fn: ({ alpha }) => ({ fn: 'elu', alpha, beta: 0 }),
});
