/** Shapes that layers over sequences [batch, length, channels] make. */
import type { Shape } from '../../ir/types.ts';
import type { Multiply } from './arithmetic.ts';
import type { At, LastOf, Size } from './dimensions.ts';

/** [N, T, C] → [N, T, units]. */
export type Attended<S extends Shape, O> = {
  shape: [At<S, 0>, At<S, 1>, O extends { readonly units: infer U } ? U & Size : LastOf<S>];
}['shape'];

/** [N, T, C] → [N, T, units], or 2·units both ways. */
export type Recurrent<S extends Shape, O extends Sized> = {
  shape: [At<S, 0>, At<S, 1>, Width<O>];
}['shape'];

type Width<O extends Sized> = O extends { readonly direction: infer D }
  ? D extends 'both'
    ? Multiply<2, O['units']>
    : O['units'] & Size
  : O['units'] & Size;

interface Sized {
  readonly units: number;
}
