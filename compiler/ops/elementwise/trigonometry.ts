/** Trigonometric and hyperbolic functions, and their inverses: angles in radians. */
import { defineFunction } from './functions.ts';

/** Sine. */
export const sin = /* @__PURE__ */ defineFunction('sin', Math.sin);

/** Cosine. */
export const cos = /* @__PURE__ */ defineFunction('cos', Math.cos);

/** Tangent. */
export const tan = /* @__PURE__ */ defineFunction('tan', Math.tan);

/** Arcsine; NaN outside of [−1, 1]. */
export const asin = /* @__PURE__ */ defineFunction('asin', Math.asin);

/** Arccosine; NaN outside of [−1, 1]. */
export const acos = /* @__PURE__ */ defineFunction('acos', Math.acos);

/** Arctangent. */
export const atan = /* @__PURE__ */ defineFunction('atan', Math.atan);

/** Hyperbolic sine. */
export const sinh = /* @__PURE__ */ defineFunction('sinh', Math.sinh);

/** Hyperbolic cosine. */
export const cosh = /* @__PURE__ */ defineFunction('cosh', Math.cosh);

/** Inverse of the hyperbolic sine. */
export const asinh = /* @__PURE__ */ defineFunction('asinh', Math.asinh);

/** Inverse of the hyperbolic cosine; NaN below 1. */
export const acosh = /* @__PURE__ */ defineFunction('acosh', Math.acosh);

/** Inverse of the hyperbolic tangent; NaN outside of [−1, 1]. */
export const atanh = /* @__PURE__ */ defineFunction('atanh', Math.atanh);
