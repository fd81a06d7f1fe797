/**
 * Recipes made of recipes, for passes that fold arithmetic into weights and readers of weights that are stored in
 * another form. Nothing is evaluated here but splats: a weight may be gigabytes, and is evaluated a slice at a time
 * when it is packed.
 */
import type { AttrsArgument } from '../../ir/builder.ts';
import type { Constant, TypedConstant } from '../../ir/constant.ts';
import { fromNumbers, toNumbers } from '../../ir/tensor.ts';
import { elementCount, type Shape, sameShape, type TensorType } from '../../ir/types.ts';
import { type GivenAttrs, type OpName, opOf, signatures } from '../index.ts';

/** An op over recipes, typed. */
export function applied<N extends OpName>(
  op: N,
  args: readonly TypedConstant[],
  ...[attrs]: AttrsArgument<GivenAttrs[N]>
): TypedConstant {
  const complete = signatures.complete(op, attrs ?? {});
  const [type] = signatures.infer(
    op,
    args.map((arg) => arg.type),
    complete,
  );
  return { type: type!, constant: { kind: 'apply', op, attrs: complete, args } };
}

export const splat = (type: TensorType, value: number): TypedConstant => ({
  type,
  constant: { kind: 'splat', value: toNumbers(fromNumbers({ dtype: type.dtype, shape: [] }, [value]))[0]! },
});

/** The same elements in another shape. Only expressions and inline bytes know their shape; the rest is said anew. */
export function reshaped(recipe: TypedConstant, shape: Shape): TypedConstant {
  if (sameShape(recipe.type.shape, shape)) return recipe;
  if (recipe.constant.kind === 'apply') return applied('reshape', [recipe], { shape });
  return { type: { dtype: recipe.type.dtype, shape }, constant: recipe.constant };
}

/**
 * The recipe with what is plainly simpler: a function of splats is a splat, a view of anything but an expression is
 * that thing. `known` holds what was simplified before, since recipes share their parts.
 */
export function simplified(
  recipe: TypedConstant,
  known: Map<Constant, TypedConstant> = new Map(),
): TypedConstant {
  const { type, constant } = recipe;
  if (constant.kind !== 'apply') return recipe;
  const before = known.get(constant);
  if (before !== undefined) return before;
  const { op, attrs } = constant;
  const args = constant.args.map((arg) => simplified(arg, known));
  const { elementwise, view } = opOf(op).traits;
  const values = args.map(splatValue);
  let result: TypedConstant = { type, constant: { kind: 'apply', op, attrs, args } };
  if (view === true && args[0]!.constant.kind !== 'apply') result = { type, constant: args[0]!.constant };
  else if (elementwise === true && values.every((value) => value !== null)) {
    const elements = args.map((arg, i) => fromNumbers({ dtype: arg.type.dtype, shape: [1] }, [values[i]!]));
    const [element] = opOf(op).evaluate(elements, attrs, [{ dtype: type.dtype, shape: [1] }]);
    result = splat(type, toNumbers(element!)[0]!);
  }
  known.set(constant, result);
  return result;
}

/** a·b of floating point recipes, broadcast. */
export const product = (a: TypedConstant, b: TypedConstant): TypedConstant =>
  combined('mul', a, b, 1, (x, y) => x * y);

/** a + b of floating point recipes, broadcast. */
export const sum = (a: TypedConstant, b: TypedConstant): TypedConstant =>
  combined('add', a, b, 0, (x, y) => x + y);

/** Two splats are one, and the neutral element leaves the other as it is, unless it gives it its shape. */
function combined(
  op: 'add' | 'mul',
  a: TypedConstant,
  b: TypedConstant,
  neutral: number,
  apply: (x: number, y: number) => number,
): TypedConstant {
  const recipe = applied(op, [a, b]);
  const [x, y] = [splatValue(a), splatValue(b)];
  if (x !== null && y !== null) return splat(recipe.type, apply(x, y));
  if (y === neutral && sameShape(a.type.shape, recipe.type.shape)) return a;
  if (x === neutral && sameShape(b.type.shape, recipe.type.shape)) return b;
  return recipe;
}

const splatValue = ({ constant }: TypedConstant): number | null =>
  constant.kind === 'splat' ? constant.value : null;

/** A vector of `length` elements from one, or from a vector of one for all. */
export function vectorOf(recipe: TypedConstant, length: number): TypedConstant {
  if (elementCount(recipe.type.shape) === length) return reshaped(recipe, [length]);
  const type: TensorType = { dtype: recipe.type.dtype, shape: [length] };
  const value = splatValue(recipe);
  return value === null ? sum(splat(type, 0), recipe) : splat(type, value);
}
