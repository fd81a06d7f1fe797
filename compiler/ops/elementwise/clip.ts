/** min(max(x, attrs.min), attrs.max). */
import { defineUnary } from './unary.ts';

export const clip = defineUnary({
  name: 'clip',
  attrs: { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY },
  fn: ({ min, max }) => ({ fn: 'clip', alpha: min, beta: max }),
  // An infinite bound never wins, so only finite ones are converted.
  integer: (x, { alpha, beta }) => {
    const raised = x < alpha ? BigInt(Math.ceil(alpha)) : x;
    return raised > beta ? BigInt(Math.floor(beta)) : raised;
  },
});
