/**
 * Sums and products of all elements up to each along an axis, from its end if `reverse`. `exclusive` leaves out the
 * element itself. (ONNX CumSum-14, CumProd-26)
 */
import { zeros } from '../../ir/tensor.ts';
import { elementCount, formatType } from '../../ir/types.ts';
import { elementwiseCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { bigsOf, isBig } from '../reference/elements.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

interface ScanDefinition<N extends string> {
  readonly name: N;
  readonly initial: 0 | 1;
  readonly combine: (a: number, b: number) => number;
  readonly combineBig: (a: bigint, b: bigint) => bigint;
}

/** One column: `count` elements from `first`, `step` apart. */
function scan<T>(
  x: ArrayLike<T>,
  y: { [n: number]: T },
  first: number,
  step: number,
  count: number,
  exclusive: boolean,
  initial: T,
  combine: (a: T, b: T) => T,
): void {
  let total = initial;
  for (let i = 0, at = first; i < count; i++, at += step) {
    const next = combine(total, x[at]!);
    y[at] = exclusive ? total : next;
    total = next;
  }
}

const defineScan = <N extends string>({ name, initial, combine, combineBig }: ScanDefinition<N>) =>
  defineOp({
    name,
    inputs: ['x'],
    attrs: { axis: 0, exclusive: false, reverse: false },
    traits: {
      permute: (attrs, perm) => ({
        attrs: { ...attrs, axis: perm[attrs.axis]! },
        inputs: ['same'],
        outputs: [perm],
      }),
    },
    infer(inputs, { axis }) {
      const x = required(inputs, 0, 'x');
      if (x.dtype === 'bool') throw shapeError('input x', 'numbers', formatType(x));
      if (!(axis >= 0 && axis < x.shape.length))
        throw shapeError('axis', `an axis of ${formatType(x)}`, `${axis}`);
      return [x];
    },
    evaluate(inputs, { axis, exclusive, reverse }, [type]) {
      const x = present(inputs, 0);
      const { shape } = x.type;
      const count = shape[axis]!;
      const inner = elementCount(shape.slice(axis + 1));
      const outer = elementCount(shape.slice(0, axis));
      const each = (column: (first: number, step: number) => void): void => {
        for (let o = 0; o < outer; o++)
          for (let i = 0; i < inner; i++) {
            const first = o * count * inner + i;
            if (reverse) column(first + (count - 1) * inner, -inner);
            else column(first, inner);
          }
      };
      if (isBig(x.type.dtype)) {
        const y = zeros(type!);
        const big = bigsOf(x);
        each((first, step) => {
          scan(big, bigsOf(y), first, step, count, exclusive, BigInt(initial), combineBig);
        });
        return [y];
      }
      const y = new Float64Array(x.data.length);
      const reals = realsOf(x);
      each((first, step) => {
        scan(reals, y, first, step, count, exclusive, initial, combine);
      });
      return [tensorOfReals(type!, y)];
    },
    host: 'counts positions and sorts probabilities, which are few',
    cost: elementwiseCost,
  });

/** Sums of all elements up to each. */
export const cumSum = /* @__PURE__ */ defineScan({
  name: 'cumSum',
  initial: 0,
  combine: (a, b) => a + b,
  combineBig: (a, b) => a + b,
});

/** Products of all elements up to each. */
export const cumProd = /* @__PURE__ */ defineScan({
  name: 'cumProd',
  initial: 1,
  combine: (a, b) => a * b,
  combineBig: (a, b) => a * b,
});
