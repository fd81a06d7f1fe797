/** The epilogue of the ops that compute sums of products and may add a residual: y = act(sum + residual). */

import type { EpilogueAttrs } from '../define/op.ts';
import { activationOf, applyEpilogue } from './activation.ts';

/** Throws unless `act` names an elementwise function. */
export const checkEpilogue = (attrs: EpilogueAttrs): void => void activationOf(attrs);

/** Adds the residual, if any, and applies the function, in place. */
export function finish(y: Float64Array, residual: ArrayLike<number> | null, attrs: EpilogueAttrs): void {
  if (residual) for (let i = 0; i < y.length; i++) y[i] = y[i]! + residual[i]!;
  applyEpilogue(y, attrs);
}
