/** The error function, 2/√π ∫₀ˣ e^(−t²) dt. */
import { defineUnary } from './unary.ts';

export const erf = defineUnary({
  name: 'erf',
  attrs: {},
  fn: () => ({ fn: 'erf', alpha: 0, beta: 0 }),
});
