/**
 * Values whose extent along one axis depends on data. Their type has the largest extent; how many elements are true is a
 * value of its own. An op on such a value goes through what lies behind too, where its result is of no meaning: that does
 * no harm as long as elements along that axis do not meet. Ops say so by the trait `apart`.
 */
import type { Attrs } from '../../ir/constant.ts';
import type { ValueId } from '../../ir/graph.ts';
import type { TensorType } from '../../ir/types.ts';
import { opOf } from '../../ops/index.ts';
import { Unsupported } from './report.ts';

/** Of `axis` the first `count` elements are true: an int64 without axes. */
export interface Bound {
  readonly axis: number;
  readonly count: ValueId;
}

/** The bound of the outputs of a node, given those of its inputs; null where none has one. */
export function carriedBound(
  name: string,
  attrs: Attrs,
  inputs: readonly (TensorType | null)[],
  outputs: readonly TensorType[],
  bounds: readonly (Bound | null)[],
): Bound | null {
  const op = opOf(name);
  let carried: Bound | null = null;
  for (const [i, bound] of bounds.entries()) {
    if (bound === null) continue;
    const shape = inputs[i]!.shape;
    const rank = outputs[0]!.shape.length;
    const axis =
      op.traits.elementwise === true
        ? bound.axis + rank - shape.length
        : (op.traits.apart?.(attrs, i, bound.axis, inputs, outputs) ?? null);
    if (axis === null) throw new Unsupported('along an axis whose extent depends on data');
    if (carried !== null && (carried.axis !== axis || carried.count !== bound.count))
      throw new Unsupported('on two inputs whose extents depend on data');
    carried = { axis, count: bound.count };
  }
  return carried;
}
