/** Ops whose output is their input's memory: the bytes are the same. */
import { elementCount, formatType, type Shape } from '../../ir/types.ts';
import { noCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import type { Permuted } from '../define/traits.ts';

/** The same elements in the same order under another shape (flatten, squeeze and unsqueeze too). */
export const reshape = /* @__PURE__ */ defineOp({
  name: 'reshape',
  inputs: ['x'],
  attrs: { shape: [] as readonly number[] },
  required: ['shape'],
  traits: {
    movement: true,
    view: true,
    apart({ shape }, _input, axis, [x]) {
      const before = elementCount(x!.shape.slice(0, axis));
      const at = shape.findIndex(
        (extent, i) => extent === x!.shape[axis] && elementCount(shape.slice(0, i)) === before,
      );
      return at < 0 ? null : at;
    },
    permute: (attrs, perm, inputs) => permuteReshape(attrs.shape, perm, inputs[0]!.shape),
  },
  infer(inputs, { shape }) {
    const x = required(inputs, 0, 'x');
    if (
      shape.some((dim) => !Number.isInteger(dim) || dim < 0) ||
      elementCount(shape) !== elementCount(x.shape)
    )
      throw shapeError(
        `reshape to [${shape.join(',')}]`,
        `${elementCount(x.shape)} elements, as in ${formatType(x)}`,
        `${elementCount(shape)}`,
      );
    return [{ dtype: x.dtype, shape }];
  },
  evaluate: ([x], _attrs, [type]) => [{ type: type!, data: x!.data }],
  // A view has no calls: its output lies where its input lies.
  lower: () => ({ calls: [], weights: [], scratch: [] }),
  cost: noCost,
});

interface Group {
  /** Axes of x, without those of 1. */
  readonly from: number[];
  /** Axes of the new shape. */
  readonly to: number[];
}

/**
 * A reshape cuts both shapes into the smallest groups of axes of equal product: [1,8,5,5] → [1,2,4,5,5] is 8 → 2·4,
 * 5 → 5, 5 → 5. It moves past a permutation that keeps each group's axes together and in order: of a channels-last
 * x' [1,5,5,8] it becomes [1,5,5,2,4]. Flattening [1,8,1,1] has one group of one axis and moves too.
 */
function permuteReshape(
  shape: Shape,
  perm: readonly number[],
  x: Shape,
): Permuted<{ readonly shape: Shape }> | null {
  if (perm.length !== x.length || x.includes(0)) return null;
  const groups = groupAxes(x, shape);
  for (const { from } of groups) {
    const places = from.map((axis) => perm[axis]!);
    for (let i = 1; i < places.length; i++)
      // Between two axes of a group only axes of 1 may stand in x'.
      for (let place = places[i - 1]! + 1; place !== places[i]!; place++)
        if (place >= perm.length || x[perm.indexOf(place)] !== 1) return null;
  }
  const place = (group: Group): number => (group.from.length === 0 ? -1 : perm[group.from[0]!]!);
  const order = [...groups].sort((a, b) => place(a) - place(b)).flatMap((group) => group.to);
  return {
    attrs: { shape: order.map((axis) => shape[axis]!) },
    inputs: ['same'],
    outputs: [shape.map((_, axis) => order.indexOf(axis))],
  };
}

/** Axes of 1 of the new shape join the group before them; those in front make a group of their own. */
function groupAxes(from: Shape, to: Shape): Group[] {
  const groups: Group[] = [];
  let [i, j] = [0, 0];
  const lead: number[] = [];
  while (j < to.length && to[j] === 1) lead.push(j++);
  if (lead.length > 0) groups.push({ from: [], to: lead });
  while (j < to.length) {
    const group: Group = { from: [], to: [] };
    let [fromSize, toSize] = [1, 1];
    do {
      if (fromSize <= toSize) {
        while (from[i] === 1) i++;
        group.from.push(i);
        fromSize *= from[i++]!;
      } else {
        group.to.push(j);
        toSize *= to[j++]!;
      }
    } while (fromSize !== toSize);
    while (j < to.length && to[j] === 1) group.to.push(j++);
    groups.push(group);
  }
  return groups;
}

/** x, unchanged. */
export const identity = /* @__PURE__ */ defineOp({
  name: 'identity',
  inputs: ['x'],
  attrs: {},
  traits: {
    elementwise: true,
    movement: true,
    view: true,
    identity: true,
    permute: permuteElementwise,
  },
  infer: (inputs) => [required(inputs, 0, 'x')],
  evaluate: ([x]) => [x!],
  // A view has no calls: its output lies where its input lies.
  lower: () => ({ calls: [], weights: [], scratch: [] }),
  cost: noCost,
});
