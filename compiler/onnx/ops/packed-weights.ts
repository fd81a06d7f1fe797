/** Ops of com.microsoft on weights of a few bits, packed in bytes and scaled by blocks: unpacked when they are compiled. */
import type { ValueId } from '../../ir/graph.ts';
import { elementCount } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';
import { matmul } from './linear.ts';
import { real } from './quantize.ts';

/** uint8 […, n] as the 8 / bits numbers of each byte in float32, lowest bits first: […, n · 8 / bits]. */
function unpacked(node: ImportNode, bytes: ValueId, bits: number, part: string): ValueId {
  const { dtype, shape } = node.type(bytes);
  if (dtype !== 'uint8') node.invalid(`packed ${part}`, 'uint8', dtype);
  if (bits === 8) return real(node, bytes, `${part}.real`);
  if (bits !== 4 && bits !== 2) node.unsupported(`weights of ${bits} bits`);
  const count = 8 / bits;
  const mask = node.scalar('uint8', 2 ** bits - 1, `${part}.mask`);
  const pieces = Array.from({ length: count }, (_, i) => {
    const by = node.scalar('uint8', i * bits, `${part}.by${i}`);
    const moved = i === 0 ? bytes : node.emit('shiftRight', [bytes, by], {}, `${part}.moved${i}`);
    const low = node.emit('bitwiseAnd', [moved, mask], {}, `${part}.bits${i}`);
    return node.reshape(low, [...shape, 1], `${part}.bits${i}.apart`);
  });
  const woven = node.emit('concat', pieces, { axis: shape.length }, `${part}.woven`);
  const flat = node.reshape(woven, shape.with(-1, shape.at(-1)! * count), `${part}.numbers`);
  return real(node, flat, `${part}.real`);
}

/** The first `count` of the last axis. */
function leading(node: ImportNode, x: ValueId, count: number, part: string): ValueId {
  const shape = node.shape(x);
  if (shape.at(-1) === count) return x;
  const [starts, steps] = [shape.map(() => 0), shape.map(() => 1)];
  return node.emit('slice', [x], { starts, sizes: shape.with(-1, count), steps }, part);
}

/** Blocks of numbers [rows, blocks, size] less their zeros, times their scales, as [rows, columns]. */
function scaledBlocks(
  node: ImportNode,
  numbers: ValueId,
  scales: ValueId,
  zeros: ValueId,
  columns: number,
): ValueId {
  const [rows, blocks, size] = node.shape(numbers) as [number, number, number];
  const centred = node.emit('sub', [numbers, zeros], {}, 'centred');
  const each = node.reshape(real(node, scales, 'scales.real'), [rows, blocks, 1], 'scales');
  const scaled = node.emit('mul', [centred, each], {}, 'scaled');
  return leading(node, node.reshape(scaled, [rows, blocks * size], 'rows'), columns, 'weights');
}

/** Zeros of blocks as [rows, blocks, 1]: packed like the numbers, floats, or the middle of the range where there are none. */
function zerosOf(
  node: ImportNode,
  zeros: ValueId | null,
  [rows, blocks]: readonly [number, number],
  bits: number,
): ValueId {
  if (zeros === null) return node.scalar('float32', 2 ** (bits - 1), 'zero');
  if (node.type(zeros).dtype !== 'uint8')
    return node.reshape(real(node, zeros, 'zeros.real'), [rows, blocks, 1], 'zeros');
  const bytes = node.reshape(zeros, [rows, elementCount(node.shape(zeros)) / rows], 'zeros.bytes');
  const numbers = leading(node, unpacked(node, bytes, bits, 'zeros'), blocks, 'zeros.leading');
  return node.reshape(numbers, [rows, blocks, 1], 'zeros.each');
}

/** a times the transpose of weights of n rows and k columns, in blocks along k. */
const matMulNBits: Import = (node) => {
  const [k, n, size] = [node.int('K', 0), node.int('N', 0), node.int('block_size', 0)];
  const bits = node.int('bits', 4);
  if (node.optional(4) !== null) node.unsupported('g_idx (columns in another order)');
  const blocks = Math.ceil(k / size);
  const bytes = node.reshape(node.input(1), [n, (blocks * size * bits) / 8], 'bytes');
  const numbers = node.reshape(unpacked(node, bytes, bits, 'b'), [n, blocks, size], 'blocks');
  const zeros = zerosOf(node, node.optional(3), [n, blocks], bits);
  const weights = scaledBlocks(node, numbers, node.input(2), zeros, k);
  const a = node.input(0);
  const { dtype } = node.type(a);
  const columns = node.emit('transpose', [weights], { perm: [1, 0] }, 'columns');
  const product = matmul(node.on([real(node, a, 'a.real'), columns], 'product'))[0]!;
  const bias = node.optional(5);
  const y = bias === null ? product : node.emit('add', [product, real(node, bias, 'bias.real')], {}, 'sum');
  return [dtype === 'float32' ? y : node.emit('cast', [y], { to: dtype })];
};

/** Rows of a table whose last axis is packed and scaled in blocks. */
const gatherBlockQuantized: Import = (node) => {
  const data = node.input(0);
  const bits = node.int('bits', 4);
  const { shape } = node.type(data);
  const rank = shape.length;
  if (node.axis(node.int('quantize_axis', 1), rank) !== rank - 1)
    node.unsupported('blocks along another axis than the last');
  const axis = node.axis(node.int('gather_axis', 0), rank);
  if (axis === rank - 1) node.unsupported('a look-up along the axis of the blocks');
  const size = node.int('block_size', 128);
  const numbers = unpacked(node, data, bits, 'data');
  const columns = node.shape(numbers).at(-1)!;
  const rows = elementCount(shape.slice(0, -1));
  const blocks = Math.ceil(columns / size);
  const flat = node.reshape(numbers, [rows, columns], 'data.rows');
  const short = blocks * size - columns;
  const whole = short === 0 ? flat : node.emit('pad', [flat], { pads: [0, 0, 0, short] }, 'data.whole');
  const apart = node.reshape(whole, [rows, blocks, size], 'data.blocks');
  const zeros = zerosOf(node, node.optional(3), [rows, blocks], bits);
  const scales = node.input(2);
  const weights = scaledBlocks(node, apart, scales, zeros, columns);
  const table = node.reshape(weights, shape.with(-1, columns), 'table');
  const y = node.emit('gather', [table, node.input(1)], { axis }, 'rows.gathered');
  const { dtype } = node.type(scales);
  return [dtype === 'float32' ? y : node.emit('cast', [y], { to: dtype })];
};

export const packedWeights = defineOnnx({
  imports: {
    'com.microsoft:MatMulNBits': matMulNBits,
    'com.microsoft:GatherBlockQuantized': gatherBlockQuantized,
  },
  exports: {},
});
