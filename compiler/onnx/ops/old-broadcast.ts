/**
 * Broadcasting before opset 7. The second operand is fitted into the first only where `broadcast` asks for it: its
 * dimensions are consecutive ones of the first, from `axis` on, or the last ones.
 */
import type { ValueId } from '../../ir/graph.ts';
import type { ImportNode } from '../import/node.ts';

/** Operands whose shapes broadcast by today's rules. */
export function operandsOf(node: ImportNode): [ValueId, ValueId] {
  const [a, b] = [node.input(0), node.input(1)];
  if (node.opset >= 7 || node.int('broadcast', 0) === 0) return [a, b];
  const [outer, inner] = [node.shape(a), node.shape(b)];
  const behind = outer.length - inner.length;
  if (behind < 0) node.invalid('the second operand', `rank ${outer.length} at most`, `rank ${inner.length}`);
  const axis = node.has('axis') ? node.axis(node.int('axis', 0), outer.length + 1) : behind;
  if (axis > behind) node.invalid('axis out of range', `0 to ${behind}`, `${axis}`);
  const shape = [...inner, ...new Array<number>(behind - axis).fill(1)];
  return [a, node.reshape(b, shape, 'operand')];
}

/** Slopes of PRelu: until opset 6 a vector of them is one a channel. */
export function slopesOf(node: ImportNode): [ValueId, ValueId] {
  const [x, slope] = [node.input(0), node.input(1)];
  const [shape, slopes] = [node.shape(x), node.shape(slope)];
  const perChannel = node.opset < 7 && slopes.length === 1 && slopes[0] !== 1 && shape.length > 2;
  if (!perChannel) return [x, slope];
  return [x, node.reshape(slope, [slopes[0]!, ...new Array<number>(shape.length - 2).fill(1)], 'slope')];
}
