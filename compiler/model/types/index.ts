/** `shapes`: what layers' signatures are written with. A block that returns what a layer returns may name it with these. */
export type * from './arithmetic.ts';
export type * from './broadcast.ts';
export type * from './dimensions.ts';
export type * from './image.ts';
export type * from './movement.ts';
export type * from './product.ts';
export type * from './sequence.ts';
export type * from './verdict.ts';
export type * from './window.ts';
