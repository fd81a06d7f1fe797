/**
 * Which bytes a call touches through an operand, from its parameters alone (the comments of `kernels/table.ts`), relative to the
 * operand's address. It shares nothing with the schedule that chose the parameters: capture checks plans with it, and
 * `load` that a manifest's addresses hold what the program does (`reach.ts`).
 */
import { elementCount, elementSize } from '../format/dtype.ts';
import { castTypes, type KernelName, PANEL, signatureOf } from '../kernels/table.ts';
import type { Operand } from './operands.ts';
import { type Region, region, whole } from './region.ts';

type Params = Readonly<Record<string, number>>;
const FLOAT = 4;
/** A box of more regions than this is taken as one piece. */
const MOST_REGIONS = 4096;

export function extentOf(operand: Operand): readonly Region[] {
  const { kernel, name, role, params, host } = operand;
  if (kernel === null) {
    const [side, index] = name.split(' ');
    const { dtype, shape } = (side === 'input' ? host!.inputs : host!.outputs)[Number(index)]!;
    return [whole(elementCount(shape) * elementSize(dtype))];
  }
  if (role === 'weight' || role === 'weight?') return [whole(FLOAT * weightWords(kernel, params))];
  const { rows, strides, cut } = signatureOf(kernel);
  const walked = rows?.[name];
  if (walked !== undefined) {
    const [from, to] =
      cut && name !== 'x' ? channels(params, params[walked.width]!) : [0, params[walked.width]!];
    const count = rowsOf(name, params);
    return [region(from * FLOAT, count, (to - from) * FLOAT, params[walked.step]! * FLOAT)];
  }
  const prefix = strides?.[name];
  if (prefix !== undefined) {
    const steps = axes.map((i) => params[`${prefix}${i}`]!);
    const size = params['elementBytes'] ?? FLOAT;
    return box(
      axes.map((i) => params[`d${i}`]!),
      steps,
      params[`${name}Offset`] ?? 0,
      size,
    );
  }
  if (kernel === 'f32-matmul' && name !== 'y') {
    const [row, column] = name === 'a' ? ['m', 'k'] : ['k', 'n'];
    return box(
      [params['batch0']!, params['batch1']!, params[row!]!, params[column!]!],
      ['Batch0', 'Batch1', 'Row', 'Col'].map((axis) => params[name + axis]!),
      0,
      FLOAT,
    );
  }
  return [whole(denseBytes(operand))];
}

const axes = [0, 1, 2, 3, 4, 5];

/** The output channels of a piece of a layer. */
function channels(params: Params, width: number): [number, number] {
  const groups = params['groups'] ?? 1;
  const perGroup = Math.ceil(width / groups / PANEL);
  const first = (panel: number): number =>
    Math.floor(panel / perGroup) * (width / groups) + (panel % perGroup) * PANEL;
  const [panel0, end] = [params['panel0']!, params['panel0']! + params['panels']!];
  return [first(panel0), end % perGroup === 0 ? (end / perGroup) * (width / groups) : first(end)];
}

function rowsOf(name: string, p: Params): number {
  if (p['m'] !== undefined) return p['m'];
  if (p['rows'] !== undefined) return p['rows'];
  return p['batch']! * (name === 'x' ? p['inH']! * p['inW']! : p['outH']! * p['outW']!);
}

function denseBytes({ kernel, name, params: p }: Operand): number {
  const product = (...names: string[]): number => names.reduce((n, one) => n * p[one]!, 1);
  switch (kernel) {
    case 'f32-matmul':
      return FLOAT * product('batch0', 'batch1', 'm', 'n');
    case 'f32-binary':
      return FLOAT * product('d0', 'd1', 'd2', 'd3', 'd4', 'd5');
    case 'f32-unary':
      return FLOAT * p['count']!;
    case 'f32-reduce':
      return FLOAT * product('outer', 'inner') * (name === 'x' ? p['reduce']! : 1);
    case 'f32-softmax':
      return FLOAT * product('outer', 'axis', 'inner');
    case 'f32-instance-norm':
      return FLOAT * product('batch', 'spatial', 'channels');
    case 'f32-layer-norm':
      return FLOAT * product('rows', 'columns');
    case 'f32-lrn':
      return FLOAT * product('rows', 'channels');
    case 'f32-lstm':
    case 'f32-gru': {
      const gates = kernel === 'f32-lstm' ? 4 : 3;
      const one = FLOAT * product('batch', 'hidden');
      if (name === 'y') return one * p['steps']!;
      return name === 'x' ? one * p['steps']! * gates : name === 'gates' ? one * gates : one;
    }
    case 'f32-resize':
      return FLOAT * product('batch', 'channels', ...(name === 'x' ? ['inH', 'inW'] : ['outH', 'outW']));
    case 'fill':
      return product('count', 'elementBytes');
    case 'gather':
      if (name === 'indices') return product('count', 'indexBytes');
      return product('outer', 'innerBytes', name === 'x' ? 'axis' : 'count');
    case 'cast':
      return p['count']! * elementSize(castTypes[p[name === 'x' ? 'from' : 'to']!]!);
    default:
      throw new RangeError(`${kernel} has no dense operand ${name}`);
  }
}

/** Words of a weight in the layout that its kernel reads; of a piece of a layer, those of its panels. */
function weightWords(kernel: KernelName, p: Params): number {
  const panels = (count: number, reduction: number): number => count * (1 + reduction) * PANEL;
  const taps = p['kernelH']! * p['kernelW']!;
  switch (kernel) {
    case 'f32-conv':
    case 'f32-conv-transpose':
      return panels(p['panels']!, (taps * p['inC']!) / p['groups']!);
    case 'f32-depthwise':
      return panels(p['panels']!, taps);
    case 'f32-gemm':
      return panels(p['panels']!, p['k']!);
    case 'f32-lstm':
    case 'f32-gru':
      return panels(Math.ceil(((kernel === 'f32-lstm' ? 4 : 3) * p['hidden']!) / PANEL), p['hidden']!);
    case 'f32-affine':
    case 'f32-instance-norm':
      return 2 * p['channels']!;
    case 'f32-layer-norm':
      return (p['rms'] ? 1 : 2) * p['columns']!;
    case 'f32-resize':
      return 4 * (p['outH']! + p['outW']!);
    default:
      throw new RangeError(`${kernel} has no weight`);
  }
}

/** The elements that strides reach, as few regions: dimensions that nest without a gap are one. */
function box(counts: readonly number[], strides: readonly number[], start: number, size: number): Region[] {
  let first = start;
  const walked: { count: number; step: number }[] = [];
  for (const [i, count] of counts.entries()) {
    const step = strides[i]!;
    if (count === 1 || step === 0) continue;
    if (step < 0) first += step * (count - 1);
    walked.push({ count, step: Math.abs(step) });
  }
  walked.sort((a, b) => a.step - b.step);
  const merged: { count: number; step: number }[] = [];
  for (const one of walked) {
    const last = merged.at(-1);
    if (last && last.step * last.count === one.step) last.count *= one.count;
    else merged.push({ ...one });
  }
  const run = merged[0]?.step === 1 ? merged.shift()!.count : 1;
  const rows = merged.shift() ?? { count: 1, step: run };
  const outer = merged.reduce((n, { count }) => n * count, 1);
  if (outer > MOST_REGIONS) {
    const reach = [rows, ...merged].reduce((n, { count, step }) => n + (count - 1) * step, run);
    return [whole(reach * size, first * size)];
  }
  let starts = [first];
  for (const { count, step } of merged)
    starts = starts.flatMap((at) => Array.from({ length: count }, (_, i) => at + i * step));
  return starts.map((at) => region(at * size, rows.count, run * size, rows.step * size));
}
