/**
 * Reductions over any set of axes: types, reference, lowering and traits, given how two elements combine.
 *
 * The kernel reduces one run of neighbouring axes, [outer, reduce, inner]. Axes of extent 1 don't separate runs. Several
 * runs are reduced one at a time through scratch, the longest first so that the scratch is small. Example: reducing
 * [0, 2] of [8, 3, 64] is [24, 64, 1] into 24 elements, then [1, 8, 3].
 */
import type { ReduceFunction } from '../../../runtime/kernels/functions.ts';
import { elementCount, elementSize, formatType, type Shape } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { call, type KernelCall, type Lowered } from '../define/lowering.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { numbers } from '../define/typing.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

interface ReduceDefinition<N extends string> {
  readonly name: N;
  /** The kernel's function; null where there is none. */
  readonly fn: ReduceFunction | null;
  /** Result over no elements. */
  readonly initial: number;
  readonly combine: (a: number, b: number) => number;
}

interface Run {
  readonly extent: number;
  readonly reduced: boolean;
}

/** Dimensions as alternating runs of reduced and kept ones; those of 1 are nothing. */
function runsOf(shape: Shape, axes: readonly number[]): Run[] {
  return merge(shape.map((extent, axis) => ({ extent, reduced: axes.includes(axis) })).filter(notOne));
}

const notOne = ({ extent }: Run): boolean => extent !== 1;

function merge(runs: readonly Run[]): Run[] {
  const merged: Run[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    if (last?.reduced === run.reduced) merged.splice(-1, 1, { ...run, extent: last.extent * run.extent });
    else merged.push(run);
  }
  return merged;
}

const product = (runs: readonly Run[]): number => runs.reduce((count, { extent }) => count * extent, 1);

function lowerRuns(runs: Run[], fn: ReduceFunction): Lowered {
  const calls: KernelCall[] = [];
  const scratch: number[] = [];
  let left = runs;
  let from: { readonly input: number } | { readonly scratch: number } = { input: 0 };
  do {
    const reduced = left.filter((run) => run.reduced).sort((a, b) => b.extent - a.extent);
    const longest = reduced[0];
    // Nothing to reduce: one element at a time, which copies.
    const at = longest === undefined ? 0 : left.indexOf(longest);
    const params = {
      outer: product(left.slice(0, at)),
      reduce: longest?.extent ?? 1,
      inner: product(left.slice(longest === undefined ? 0 : at + 1)),
      fn,
    };
    left = merge(left.filter((run) => run !== longest));
    const last = reduced.length <= 1;
    if (!last) scratch.push(params.outer * params.inner * elementSize('float32'));
    const to = last ? { output: 0 } : { scratch: scratch.length - 1 };
    calls.push(call('f32-reduce', { y: to, x: from }, params));
    if (!('output' in to)) from = to;
  } while (left.some((run) => run.reduced));
  return { calls, weights: [], scratch };
}

export const defineReduce = <N extends string>({ name, fn, initial, combine }: ReduceDefinition<N>) =>
  defineOp({
    name,
    inputs: ['x'],
    attrs: { axes: numbers, keepDims: true },
    required: ['axes'],
    traits: {
      apart: ({ axes, keepDims }, _input, axis) => {
        if (axes.includes(axis)) return null;
        return keepDims ? axis : axis - axes.filter((reduced) => reduced < axis).length;
      },
      permute(attrs, perm) {
        const axes = attrs.axes.map((axis) => perm[axis]!).sort((a, b) => a - b);
        const kept = perm.filter((_, axis) => !attrs.axes.includes(axis));
        const order = [...kept].sort((a, b) => a - b);
        return {
          attrs: { ...attrs, axes },
          inputs: ['same'],
          outputs: [attrs.keepDims ? perm : kept.map((axis) => order.indexOf(axis))],
        };
      },
    },

    infer(inputs, { axes, keepDims }) {
      const x = required(inputs, 0, 'x');
      const rank = x.shape.length;
      const ascending = axes.every(
        (axis, i) => Number.isInteger(axis) && axis > (axes[i - 1] ?? -1) && axis < rank,
      );
      if (!ascending) throw shapeError('axes', `ascending axes of ${formatType(x)}`, `[${axes}]`);
      const shape = keepDims
        ? x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
        : x.shape.filter((_, axis) => !axes.includes(axis));
      return [{ dtype: x.dtype, shape }];
    },

    evaluate(inputs, { axes }, [type]) {
      const x = present(inputs, 0);
      const { shape } = x.type;
      const elements = realsOf(x);
      const y = new Float64Array(elementCount(type!.shape)).fill(initial);
      // Stride of each input axis over the output: 0 where it is reduced.
      const strides = shape.map(() => 0);
      for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
        if (axes.includes(axis)) continue;
        strides[axis] = stride;
        stride *= shape[axis]!;
      }
      let next = 0;
      const walk = (axis: number, to: number): void => {
        if (axis === shape.length) {
          y[to] = combine(y[to]!, elements[next++]!);
          return;
        }
        for (let i = 0; i < shape[axis]!; i++) walk(axis + 1, to + i * strides[axis]!);
      };
      walk(0, 0);
      if (fn === 'mean') {
        const count = axes.reduce((product, axis) => product * shape[axis]!, 1);
        for (let i = 0; i < y.length; i++) y[i] = y[i]! / count;
      }
      return [tensorOfReals(type!, y)];
    },

    lower({ attrs, inputs, outputs }) {
      const x = inputs[0]!;
      if (
        fn === null ||
        x.dtype !== 'float32' ||
        elementCount(x.shape) * elementCount(outputs[0]!.shape) === 0
      )
        return null;
      return lowerRuns(runsOf(x.shape, attrs.axes), fn);
    },

    ...(fn === null ? { host: 'products serve the arithmetic of shapes' } : {}),

    cost: (inputs, outputs) => ({
      flops: elementCount(required(inputs, 0, 'x').shape),
      bytes: trafficOf(inputs, outputs),
    }),
  });

/** The sum over some axes. (ONNX ReduceSum-13) */
export const reduceSum = /* @__PURE__ */ defineReduce({
  name: 'reduceSum',
  fn: 'sum',
  initial: 0,
  combine: (a, b) => a + b,
});

/** The mean over some axes; over all spatial ones it is global average pooling. (ONNX ReduceMean-18) */
export const reduceMean = /* @__PURE__ */ defineReduce({
  name: 'reduceMean',
  fn: 'mean',
  initial: 0,
  combine: (a, b) => a + b,
});

/** The largest element over some axes. (ONNX ReduceMax-20) */
export const reduceMax = /* @__PURE__ */ defineReduce({
  name: 'reduceMax',
  fn: 'max',
  initial: -Infinity,
  combine: Math.max,
});

/** The smallest element over some axes. (ONNX ReduceMin-20) */
export const reduceMin = /* @__PURE__ */ defineReduce({
  name: 'reduceMin',
  fn: 'min',
  initial: Infinity,
  combine: Math.min,
});

/** The product over some axes; it occurs in shape arithmetic only, so no kernel has it. (ONNX ReduceProd-18) */
export const reduceProd = /* @__PURE__ */ defineReduce({
  name: 'reduceProd',
  fn: null,
  initial: 1,
  combine: (a, b) => a * b,
});
