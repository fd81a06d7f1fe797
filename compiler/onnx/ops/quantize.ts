/** Quantised numbers and floats: QuantizeLinear and DequantizeLinear, by tensor, by axis and by block. */
import type { ValueId } from '../../ir/graph.ts';
import { type DType, elementCount, isFloat } from '../../ir/types.ts';
import { int } from '../export/graph.ts';
import type { ExportNode } from '../export/node.ts';
import type { ImportNode } from '../import/node.ts';
import { dtypeOf, elementTypeName, elementTypeOf } from '../read/schema.ts';
import { defineOnnx, type Export, type Import } from './define.ts';

/** A value in float32, which is what quantised numbers are scaled in. */
export const real = (node: ImportNode, id: ValueId, part: string): ValueId =>
  node.type(id).dtype === 'float32' ? id : node.emit('cast', [id], { to: 'float32' }, part);

/** Scale or zero of a tensor in float32, in a shape that broadcasts: one number, one along `axis`, or one for each block. */
function parameterOf(node: ImportNode, id: ValueId, like: ValueId, axis: number, part: string): ValueId {
  const value = real(node, id, `${part}.real`);
  const [own, shape] = [node.shape(value), node.shape(like)];
  if (elementCount(own) === 1) return node.reshape(value, [], part);
  const at = node.axis(axis, shape.length);
  if (own.length === 1) return node.reshape(value, [own[0]!, ...shape.slice(at + 1).map(() => 1)], part);
  const size = node.int('block_size', 0);
  if (size < 1) return value;
  const blocks = [...own.slice(0, at + 1), 1, ...own.slice(at + 1)];
  const repeated = node.emit(
    'expand',
    [node.reshape(value, blocks, `${part}.blocks`)],
    { shape: blocks.with(at + 1, size) },
    `${part}.repeated`,
  );
  const whole = own.with(at, own[at]! * size);
  const flat = node.reshape(repeated, whole, part);
  const extent = shape[at]!;
  if (whole[at] === extent) return flat;
  const sizes = whole.with(at, extent);
  const plain = { starts: whole.map(() => 0), steps: whole.map(() => 1) };
  return node.emit('slice', [flat], { ...plain, sizes }, `${part}.ending`);
}

/** A zero of 0 everywhere is none. */
function zeroOf(node: ImportNode, id: ValueId | null): ValueId | null {
  if (id === null || elementCount(node.shape(id)) > 4096) return id;
  return node.numbersOf(id)?.every((zero) => zero === 0) ? null : id;
}

/** Numbers of a quantised tensor as float32. */
export function dequantized(
  node: ImportNode,
  x: ValueId,
  scale: ValueId,
  zero: ValueId | null,
  axis: number,
  part: string,
): ValueId {
  const shift = zeroOf(node, zero);
  const operands = [
    parameterOf(node, scale, x, axis, `${part || 'it'}.scale`),
    shift === null ? null : parameterOf(node, shift, x, axis, `${part || 'it'}.zero`),
  ];
  return node.emit('dequantize', [x, ...operands], {}, part);
}

/** float32 as numbers of the type that the zero has. */
export function quantized(
  node: ImportNode,
  x: ValueId,
  scale: ValueId,
  zero: ValueId | null,
  axis: number,
  to: DType,
): ValueId {
  const shift = zeroOf(node, zero);
  const operands = [
    parameterOf(node, scale, x, axis, 'scale'),
    shift === null ? null : parameterOf(node, shift, x, axis, 'zero'),
  ];
  return node.emit('quantize', [real(node, x, 'real'), ...operands], { to });
}

/** The element type that an attribute names, or null where it is not given. */
function namedType(node: ImportNode, attribute: string): DType | null {
  const number = node.int(attribute, 0);
  if (number === 0) return null;
  return dtypeOf(number) ?? node.unsupported(`element type ${elementTypeName(number)}`);
}

const quantizeLinear: Import = (node) => {
  const zero = node.optional(2);
  if (zero !== null) node.requireWhole(zero);
  const to = zero === null ? (namedType(node, 'output_dtype') ?? 'uint8') : node.type(zero).dtype;
  return [quantized(node, node.input(0), node.input(1), zero, node.int('axis', 1), to)];
};

const dequantizeLinear: Import = (node) => {
  const [x, scale] = [node.input(0), node.input(1)];
  const to = namedType(node, 'output_dtype') ?? node.type(scale).dtype;
  if (!isFloat(to)) node.invalid('input x_scale', 'floating point numbers', to);
  const axis = node.int('axis', 1);
  if (to === 'float32') return [dequantized(node, x, scale, node.optional(2), axis, '')];
  return [node.emit('cast', [dequantized(node, x, scale, node.optional(2), axis, 'real')], { to })];
};

/**
 * Scales and zeros as they are here are spelled out: an op of ONNX has them along one axis, and a zero of the type of the
 * quantised numbers.
 */
const writeDequantize: Export = (node) => {
  const wide = node.add('Cast', [node.input(0)], { to: int(elementTypeOf('float32')) }, 'wide');
  const moved = node.has(2) ? node.add('Sub', [wide, node.input(2)], {}, 'moved') : wide;
  return [node.add('Mul', [moved, node.input(1)])];
};

const writeQuantize: Export<{ readonly to: string }> = (node) => {
  const { dtype, shape } = node.type;
  const type = { dtype: 'float32', shape } as const;
  const divided = node.add('Div', [node.input(0), node.input(1)], {}, 'divided', type);
  const rounded = node.add('Round', [divided], {}, 'rounded', type);
  const moved = node.has(2) ? node.add('Add', [rounded, node.input(2)], {}, 'moved', type) : rounded;
  return [saturated(node, moved, dtype)];
};

function saturated(node: ExportNode<{ readonly to: string }>, x: string, dtype: DType): string {
  const bits = dtype.endsWith('16') ? 16 : 8;
  const signed = !dtype.startsWith('u');
  const [low, high] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  const bound = (value: number, part: string): string => node.operand('float32', [], [value], part);
  const type = { dtype: 'float32', shape: node.type.shape } as const;
  const kept = node.add('Clip', [x, bound(low, 'low'), bound(high, 'high')], {}, 'kept', type);
  return node.add('Cast', [kept], { to: int(elementTypeOf(dtype)) });
}

export const quantize = defineOnnx({
  imports: {
    QuantizeLinear: quantizeLinear,
    DequantizeLinear: dequantizeLinear,
    'com.microsoft:QuantizeLinear': quantizeLinear,
    'com.microsoft:DequantizeLinear': dequantizeLinear,
  },
  exports: { quantize: writeQuantize, dequantize: writeDequantize },
});
