/** Integers as their bits. */
import { int, string } from '../export/graph.ts';
import { dtypeOf, elementTypeName, elementTypeOf } from '../read/schema.ts';
import { defineOnnx, type Export, type Import } from './define.ts';

const bitShift: Import = (node) => {
  const direction = node.string('direction', '');
  if (direction !== 'LEFT' && direction !== 'RIGHT')
    node.invalid('attribute "direction"', 'LEFT or RIGHT', `"${direction}"`);
  const op = direction === 'LEFT' ? 'shiftLeft' : 'shiftRight';
  return [node.emit(op, [node.input(0), node.input(1)])];
};

const bitCast: Import = (node) => {
  const number = node.int('to', 0);
  const to = dtypeOf(number) ?? node.unsupported(`to element type ${elementTypeName(number)}`);
  const x = node.input(0);
  node.requireWhole(x);
  return [node.type(x).dtype === to ? x : node.emit('bitCast', [x], { to })];
};

const bitwise =
  (op: 'bitwiseAnd' | 'bitwiseOr' | 'bitwiseXor'): Import =>
  (node) => [node.emit(op, [node.input(0), node.input(1)])];

const writeBitwise =
  (op: string): Export =>
  (node) => {
    node.need(18, op);
    return [node.add(op, node.all())];
  };

const writeShift =
  (direction: string): Export =>
  (node) => [node.add('BitShift', node.all(), { direction: string(direction) })];

const writeBitCast: Export = (node) => {
  node.need(26, 'BitCast');
  return [node.add('BitCast', node.all(), { to: int(elementTypeOf(node.type.dtype)) })];
};

export const bits = defineOnnx({
  imports: {
    BitShift: bitShift,
    BitwiseAnd: bitwise('bitwiseAnd'),
    BitwiseOr: bitwise('bitwiseOr'),
    BitwiseXor: bitwise('bitwiseXor'),
    BitwiseNot: (node) => [node.emit('bitwiseNot', [node.input(0)])],
    BitCast: bitCast,
  },
  exports: {
    bitwiseAnd: writeBitwise('BitwiseAnd'),
    bitwiseOr: writeBitwise('BitwiseOr'),
    bitwiseXor: writeBitwise('BitwiseXor'),
    bitwiseNot: writeBitwise('BitwiseNot'),
    shiftLeft: writeShift('LEFT'),
    shiftRight: writeShift('RIGHT'),
    bitCast: writeBitCast,
  },
});
