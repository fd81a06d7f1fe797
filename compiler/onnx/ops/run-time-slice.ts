/** A slice whose ends data decide: elements gathered from the first on, of which as many are true as the slice has. */
import type { ValueId } from '../../ir/graph.ts';
import type { ImportNode } from '../import/node.ts';

/** Elements `start` to `end` of an axis, which are int64[1]; below zero they count from the end. */
export function sliceAtRunTime(
  node: ImportNode<string>,
  x: ValueId,
  axis: number,
  start: ValueId,
  end: ValueId,
): ValueId {
  const extent = node.shape(x)[axis]!;
  const one = (value: number, part: string): ValueId =>
    node.constant({ dtype: 'int64', shape: [1] }, [value], part);
  const [zero, length] = [one(0, 'zero'), one(extent, 'length')];
  const within = (given: ValueId, part: string): ValueId => {
    const wide =
      node.type(given).dtype === 'int64' ? given : node.emit('cast', [given], { to: 'int64' }, part);
    const below = node.emit('less', [wide, zero], {}, `${part}.below`);
    const wrapped = node.emit('add', [wide, length], {}, `${part}.wrapped`);
    const counted = node.emit('where', [below, wrapped, wide], {}, `${part}.counted`);
    const least = node.emit('max', [counted, zero], {}, `${part}.least`);
    return node.emit('min', [least, length], {}, part);
  };
  const [first, last] = [within(start, 'first'), within(end, 'last')];
  const size = node.emit('max', [node.emit('sub', [last, first], {}, 'span'), zero], {}, 'size');
  const order = Array.from({ length: extent }, (_, i) => i);
  const steps = node.constant({ dtype: 'int64', shape: [extent] }, order, 'steps');
  const places = node.emit('add', [steps, first], {}, 'places');
  const inside = node.emit('min', [places, one(Math.max(0, extent - 1), 'most')], {}, 'inside');
  const taken = node.emit('gather', [x, inside], { axis }, 'taken');
  return node.sized(taken, axis, node.reshape(size, [], 'count'));
}
