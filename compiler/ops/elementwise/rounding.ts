/** To the nearest integers. */
import { toEven } from '../reference/elements.ts';
import { defineFunction } from './functions.ts';
import { defineUnary } from './unary.ts';

/** The largest integer not above x. */
export const floor = /* @__PURE__ */ defineUnary({
  name: 'floor',
  attrs: {},
  fn: () => ({ fn: 'floor', alpha: 0, beta: 0 }),
});

/** The smallest integer not below x. */
export const ceil = /* @__PURE__ */ defineUnary({
  name: 'ceil',
  attrs: {},
  fn: () => ({ fn: 'ceil', alpha: 0, beta: 0 }),
});

/** The nearest integer; of two that are as near, the even one. */
export const round = /* @__PURE__ */ defineFunction('round', toEven);
