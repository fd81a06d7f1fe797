/** Slices, whose ends are constant or computed at run time. */
import type { ValueId } from '../../ir/graph.ts';
import type { AttrsOf } from '../../ops/index.ts';
import type { ImportNode } from '../import/node.ts';
import type { Export, Import } from './define.ts';
import { sliceAtRunTime } from './run-time-slice.ts';

interface Range {
  readonly start: number;
  readonly step: number;
  readonly size: number;
}

/** One dimension of a slice: numpy's rules, with ends beyond the tensor meaning its end. */
function rangeOf(node: ImportNode, start: number, end: number, step: number, extent: number): Range {
  if (step === 0) node.invalid('a step of 0');
  const clamp = (n: number, low: number, high: number): number =>
    Math.min(Math.max(n < 0 ? n + extent : n, low), high);
  const [first, last] =
    step > 0
      ? [clamp(start, 0, extent), clamp(end, 0, extent)]
      : [clamp(start, 0, extent - 1), clamp(end, -1, extent - 1)];
  const size = Math.max(0, Math.ceil((last - first) / step));
  return { start: size === 0 ? 0 : first, step, size };
}

export function emitSlice(node: ImportNode, x: ValueId, ranges: readonly Range[], part = ''): ValueId {
  const shape = node.shape(x);
  if (ranges.every(({ start, step, size }, i) => start === 0 && step === 1 && size === shape[i])) return x;
  // A step is of no meaning in a dimension of one element; 1 is what layouts like best.
  const steps = ranges.map(({ step, size }) => (size <= 1 ? 1 : step));
  const attrs = { starts: ranges.map((r) => r.start), steps, sizes: ranges.map((r) => r.size) };
  return node.emit('slice', [x], attrs, part);
}

export const slice: Import<'starts' | 'ends' | 'axes' | 'steps'> = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const [start, end] = node.opset < 10 ? [null, null] : [node.input(1), node.input(2)];
  if (start !== null && end !== null && [start, end].some((id) => node.numbersOf(id) === null)) {
    const axes = node.axes(node.constantNumbers('axes') ?? [0], shape.length);
    const steps = node.constantNumbers('steps') ?? [1];
    if (String(node.shape(start)) !== '1' || axes.length !== 1 || steps[0] !== 1)
      node.unsupported('ends computed at run time, of more than one axis or in steps');
    return [sliceAtRunTime(node, x, axes[0]!, start, end)];
  }
  const starts = node.list('starts') ?? node.invalid('has no starts');
  const ends = node.list('ends') ?? node.invalid('has no ends');
  const axes = node.axes(node.list('axes') ?? starts.map((_, i) => i), shape.length);
  const steps = node.constantNumbers('steps') ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length)
    node.invalid('starts, ends, axes and steps differ in length');
  const ranges: Range[] = shape.map((extent) => ({ start: 0, step: 1, size: extent }));
  axes.forEach((axis, i) => {
    ranges[axis] = rangeOf(node, starts[i]!, ends[i]!, steps[i]!, shape[axis]!);
  });
  return [emitSlice(node, x, ranges)];
};

/** Only the axes that lose something are named. An end before the first element is −(extent + 1). */
export const writeSlice: Export<AttrsOf<'slice'>> = (node) => {
  const { shape } = node.typeOf(0);
  const { starts, steps, sizes } = node.attrs;
  const ranges = shape.flatMap((extent, axis) => {
    const [start, step, size] = [starts[axis]!, steps[axis]!, sizes[axis]!];
    if (start === 0 && step === 1 && size === extent) return [];
    if (size === 0) return [{ axis, start: 0, end: 0, step: 1 }];
    const end = start + (size - 1) * step + Math.sign(step);
    return [{ axis, start, end: end < 0 ? -(extent + 1) : end, step }];
  });
  if (ranges.length === 0) return [node.input(0)];
  const list = (name: 'start' | 'end' | 'axis' | 'step'): string =>
    node.indices(
      ranges.map((range) => range[name]),
      `${name}s`,
    );
  const stepped = ranges.some(({ step }) => step !== 1) ? [list('step')] : [];
  return [node.add('Slice', [node.input(0), list('start'), list('end'), list('axis'), ...stepped])];
};
