/** Ops whose results are known at import: constants, and what shapes say. */
import { fromNumbers, zeros } from '../../ir/tensor.ts';
import { elementCount, type TensorType } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import { dtypeOf, elementTypeName } from '../read/schema.ts';
import { defineOnnx, type Import, withConstants } from './define.ts';

const given: Import = (node) => {
  const tensor = node.tensor('value');
  if (tensor !== null) return [node.embed(tensor)];
  const of = (dtype: 'float32', values: readonly number[], shape: readonly number[]) =>
    node.constantTensor(fromNumbers({ dtype, shape }, values));
  if (node.has('value_float')) return [of('float32', [node.float('value_float', 0)], [])];
  const floats = node.floats('value_floats');
  if (floats !== null) return [of('float32', floats, [floats.length])];
  const int = node.bigint('value_int');
  if (int !== null) return [integers(node, [int], [])];
  const ints = node.bigints('value_ints');
  if (ints !== null) return [integers(node, ints, [ints.length])];
  const kind = [...node.node.attributes.keys()].join(', ');
  return node.unsupported(kind === '' ? 'has no value' : `attribute ${kind}`);
};

/** As BigInt all the way: "to the end" is often 2^63 − 1. */
function integers(node: ImportNode, values: readonly bigint[], shape: readonly number[]) {
  const type: TensorType = { dtype: 'int64', shape };
  return node.constantTensor({ type, data: BigInt64Array.from(values) });
}

const constantOfShape: Import<'shape'> = (node) => {
  const shape = node.constantNumbers('shape') ?? node.invalid('has no shape');
  if (shape.some((dim) => dim < 0 || !Number.isSafeInteger(dim)))
    node.invalid('shape', 'extents', `[${shape}]`);
  if (!Number.isSafeInteger(elementCount(shape) * 8))
    node.invalid('shape overflows', undefined, `[${shape}]`);
  const tensor = node.tensor('value');
  if (tensor === null) return [node.splat({ dtype: 'float32', shape }, 0)];
  const value = node.embed(tensor);
  const type = node.type(value);
  if (elementCount(type.shape) !== 1)
    node.invalid('attribute "value"', 'one element', `${elementCount(type.shape)}`);
  return [node.splat({ dtype: type.dtype, shape }, node.scalarOf(value))];
};

const shape: Import = (node) => {
  const dims = node.shape(node.input(0));
  // Out of range is clamped here, unlike everywhere else.
  const clamp = (axis: number): number =>
    Math.min(Math.max(axis < 0 ? axis + dims.length : axis, 0), dims.length);
  const [start, end] = [clamp(node.int('start', 0)), clamp(node.int('end', dims.length))];
  const part = dims.slice(start, end);
  const bound = node.boundOf(node.input(0));
  if (bound !== null && bound.axis >= start && bound.axis < end) {
    const pieces = part.map((dim, i) =>
      i + start === bound.axis
        ? node.reshape(bound.count, [1], 'extent')
        : node.constant({ dtype: 'int64', shape: [1] }, [dim], `extent${i}`),
    );
    return [pieces.length === 1 ? pieces[0]! : node.emit('concat', pieces, { axis: 0 })];
  }
  return [node.constantTensor(fromNumbers({ dtype: 'int64', shape: [part.length] }, part))];
};

const size: Import = (node) => {
  if (node.boundOf(node.input(0)) !== null) node.unsupported('of a tensor whose size depends on data');
  const count = elementCount(node.shape(node.input(0)));
  return [node.constantTensor(fromNumbers({ dtype: 'int64', shape: [] }, [count]))];
};

/** Ones on a diagonal of a matrix as large as the input, of its type unless told otherwise. */
const eyeLike: Import = (node) => {
  const given = node.type(node.input(0));
  if (given.shape.length !== 2) node.invalid('input', 'rank 2', `rank ${given.shape.length}`);
  const to = node.int('dtype', 0);
  const dtype =
    to === 0 ? given.dtype : (dtypeOf(to) ?? node.unsupported(`element type ${elementTypeName(to)}`));
  const [rows, columns] = given.shape as [number, number];
  if (rows * columns > longestRange)
    node.invalid('matrix', `${longestRange} elements at most`, `${rows * columns}`);
  const k = node.int('k', 0);
  const values = new Array<number>(rows * columns).fill(0);
  for (let i = Math.max(0, -k); i < rows && i + k < columns; i++) values[i * columns + i + k] = 1;
  return [node.constantTensor(fromNumbers({ dtype, shape: given.shape }, values))];
};

const longestRange = 1 << 20;

const range: Import<'start' | 'limit' | 'delta'> = (node) => {
  const bound = (operand: 'start' | 'limit' | 'delta'): number =>
    node.constantNumber(operand) ?? node.invalid(`has no ${operand}`);
  const [start, limit, delta] = [bound('start'), bound('limit'), bound('delta')];
  const { dtype } = node.type(node.input(0));
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!(count <= longestRange)) node.invalid('range', `${longestRange} elements at most`, `${count}`);
  const type: TensorType = { dtype, shape: [count] };
  if (count === 0) return [node.constantTensor(zeros(type))];
  return [
    node.constantTensor(
      fromNumbers(
        type,
        Array.from({ length: count }, (_, i) => start + i * delta),
      ),
    ),
  ];
};

export const constant = defineOnnx({
  imports: {
    Constant: given,
    ConstantOfShape: withConstants({ shape: 0 }, constantOfShape),
    Shape: { import: shape, shapeOnly: true },
    Size: { import: size, shapeOnly: true },
    EyeLike: { import: eyeLike, shapeOnly: true },
    Range: withConstants({ start: 0, limit: 1, delta: 2 }, range),
  },
  exports: {},
});
