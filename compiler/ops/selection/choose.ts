/** Elements that data choose. There may be as many as there are; what lies behind the last of them is zeros. */
import { zeros } from '../../ir/tensor.ts';
import { elementCount, formatType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { present } from '../reference/reals.ts';

const countType = { dtype: 'int64', shape: [] } as const;

/** Indices of the elements of x that are not zero, a column each, and how many they are. (ONNX NonZero-13) */
export const nonZero = /* @__PURE__ */ defineOp({
  name: 'nonZero',
  inputs: ['x'],
  attrs: {},
  traits: {},
  infer(inputs) {
    const x = required(inputs, 0, 'x');
    return [{ dtype: 'int64', shape: [x.shape.length, elementCount(x.shape)] }, countType];
  },
  evaluate(inputs, _attrs, [type]) {
    const x = present(inputs, 0);
    const { shape } = x.type;
    // The sign of a float16 that is zero is no number.
    const mask = x.type.dtype === 'float16' ? 0x7fff : null;
    const y = zeros(type!);
    const all = x.data.length;
    let found = 0;
    for (let i = 0; i < all; i++) {
      const element = x.data[i]!;
      const zero = mask === null ? Number(element) === 0 : ((element as number) & mask) === 0;
      if (zero) continue;
      for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
        y.data[axis * all + found] = BigInt(rest % shape[axis]!);
        rest = Math.floor(rest / shape[axis]!);
      }
      found++;
    }
    return [y, { type: countType, data: BigInt64Array.of(BigInt(found)) }];
  },
  host: 'has a size that depends on data',
  cost: movementCost,
});

/** The slices of x along an axis for which the condition is true, and how many they are. (ONNX Compress-11) */
export const compress = /* @__PURE__ */ defineOp({
  name: 'compress',
  inputs: ['x', 'condition'],
  attrs: { axis: 0 },
  traits: {},
  infer(inputs, { axis }) {
    const [x, condition] = [required(inputs, 0, 'x'), required(inputs, 1, 'condition')];
    if (!(axis >= 0 && axis < x.shape.length))
      throw shapeError('axis', `an axis of ${formatType(x)}`, `${axis}`);
    if (condition.dtype !== 'bool' || condition.shape.length !== 1 || condition.shape[0]! > x.shape[axis]!)
      throw shapeError('condition', `bool[${x.shape[axis]}] at most`, formatType(condition));
    return [{ dtype: x.dtype, shape: x.shape.with(axis, condition.shape[0]!) }, countType];
  },
  evaluate(inputs, { axis }, [type]) {
    const [x, condition] = [present(inputs, 0), present(inputs, 1)];
    const y = zeros(type!);
    // Both arrays have the same type; that the type is a number's is a convenience for the checker.
    const [from, to] = [x.data as Float32Array, y.data as Float32Array];
    const [extent, most] = [x.type.shape[axis]!, type!.shape[axis]!];
    const inner = elementCount(x.type.shape.slice(axis + 1));
    const outer = elementCount(x.type.shape.slice(0, axis));
    let found = 0;
    for (let n = 0; n < most; n++) {
      if (condition.data[n] === 0) continue;
      for (let o = 0; o < outer; o++) {
        const at = (o * extent + n) * inner;
        to.set(from.subarray(at, at + inner), (o * most + found) * inner);
      }
      found++;
    }
    return [y, { type: countType, data: BigInt64Array.of(BigInt(found)) }];
  },
  host: 'has a size that depends on data',
  cost: movementCost,
});
