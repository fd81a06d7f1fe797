/**
 * Windows over three and more dimensions as windows over two. Ops and kernels have one or two; of a volume the outermost
 * dimension is taken apart. Its slices go into the batch, and what its taps contribute is added.
 *
 * A convolution of [N, D, H, W, C] with a kernel of 3×3×3 is three convolutions of 3×3 over N·D images. Each reads the
 * slices of one tap of the depth. Each adds to the one before, by the residual input.
 */
import type { ValueId } from '../../ir/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { dilated, type WindowAttributes } from './window.ts';

type Node = ImportNode<string>;
interface Convolution extends Omit<WindowAttributes, 'kernel'> {
  readonly groups: number;
}

/** The attributes of all dimensions but the outermost. */
const inner = <A extends Omit<WindowAttributes, 'kernel'>>(attrs: A): A => {
  const rank = attrs.strides.length;
  return {
    ...attrs,
    strides: attrs.strides.slice(1),
    dilations: attrs.dilations.slice(1),
    pads: [...attrs.pads.slice(1, rank), ...attrs.pads.slice(rank + 1)],
  };
};

/** Axis 1 of x from `start`, which may be before it, up to `stop`, which may be behind it: zeros there. */
function framed(node: Node, x: ValueId, start: number, stop: number, part: string): ValueId | null {
  const shape = node.shape(x);
  const [first, end] = [Math.max(0, start), Math.min(shape[1]!, stop)];
  if (first >= end) return null;
  const kept = along(node, x, first, 1, end - first, part);
  const pads = shape.concat(shape).map(() => 0);
  pads[1] = first - start;
  pads[shape.length + 1] = stop - end;
  return pads.every((n) => n === 0) ? kept : node.emit('pad', [kept], { pads }, `${part}.frame`);
}

/** `size` elements of axis 1 in steps. */
function along(node: Node, x: ValueId, start: number, step: number, size: number, part: string): ValueId {
  const shape = node.shape(x);
  if (start === 0 && step === 1 && size === shape[1]) return x;
  const attrs = {
    starts: shape.map((_, i) => (i === 1 ? start : 0)),
    steps: shape.map((_, i) => (i === 1 && size > 1 ? step : 1)),
    sizes: shape.with(1, size),
  };
  return node.emit('slice', [x], attrs, `${part}.slices`);
}

/** Tap k of the kernel's first dimension: [O, I, d, …] to [O, I, …]. */
function tap(node: Node, w: ValueId, k: number, part: string): ValueId {
  const shape = node.shape(w);
  const attrs = {
    starts: shape.map((_, i) => (i === 2 ? k : 0)),
    steps: shape.map(() => 1),
    sizes: shape.with(2, 1),
  };
  const taken = shape[2] === 1 ? w : node.emit('slice', [w], attrs, `${part}.tap`);
  return node.reshape(taken, shape.toSpliced(2, 1), `${part}.weights`);
}

/** Axis 1 goes into the batch. */
const merged = (node: Node, x: ValueId, part: string): ValueId => {
  const [batch, depth, ...rest] = node.shape(x) as [number, number, ...number[]];
  return node.reshape(x, [batch * depth, ...rest], `${part}.images`);
};

/** Convolution of x [N, …, C] in any number of dimensions. */
export function convolution(
  node: Node,
  x: ValueId,
  w: ValueId,
  bias: ValueId | null,
  attrs: Convolution,
  residual: ValueId | null = null,
  part = '',
): ValueId {
  const rank = attrs.strides.length;
  if (rank <= 2) return node.emit('conv', [x, w, bias, residual], attrs, part);
  const [stride, dilation, begin] = [attrs.strides[0]!, attrs.dilations[0]!, attrs.pads[0]!];
  const shape = node.shape(x);
  const kernel = node.shape(w)[2]!;
  const end = shape[1]! + attrs.pads[rank]!;
  const depth = Math.floor((end + begin - dilated(kernel, dilation)) / stride) + 1;
  if (!(depth >= 1)) node.invalid('the kernel is larger than the padded input');
  const padded = framed(node, x, -begin, end, `${part}depth`) ?? x;
  let sum = residual === null ? null : merged(node, residual, `${part}residual`);
  for (let k = 0; k < kernel; k++) {
    const name = `${part}depth${k}`;
    const slices = merged(node, along(node, padded, k * dilation, stride, depth, name), name);
    const weights = tap(node, w, k, name);
    sum = convolution(node, slices, weights, k === 0 ? bias : null, inner(attrs), sum, name);
  }
  return node.reshape(sum!, [shape[0]!, depth, ...node.shape(sum!).slice(1)], `${part}volume`);
}

/** Transposed convolution of x [N, …, C] in any number of dimensions: each tap's result, moved to where it belongs. */
export function transposedConvolution(
  node: Node,
  x: ValueId,
  w: ValueId,
  bias: ValueId | null,
  attrs: Convolution & { readonly outputPadding: readonly number[] },
  part = '',
): ValueId {
  const rank = attrs.strides.length;
  if (rank <= 2) return node.emit('convTranspose', [x, w, bias], attrs, part);
  const [stride, dilation, begin] = [attrs.strides[0]!, attrs.dilations[0]!, attrs.pads[0]!];
  const [batch, depth] = node.shape(x) as [number, number, ...number[]];
  const kernel = node.shape(w)[2]!;
  const whole = (depth - 1) * stride + dilated(kernel, dilation) + attrs.outputPadding[0]!;
  const inside = { ...inner(attrs), outputPadding: attrs.outputPadding.slice(1) };
  const images = merged(node, x, `${part}depth`);
  let sum: ValueId | null = null;
  for (let k = 0; k < kernel; k++) {
    const name = `${part}depth${k}`;
    const y = transposedConvolution(node, images, tap(node, w, k, name), null, inside, name);
    const rest = node.shape(y).slice(1);
    const spread = node.reshape(y, [batch * depth, 1, ...rest], `${name}.apart`);
    const stuffed = framed(node, spread, 0, stride, `${name}.steps`)!;
    const volume = node.reshape(stuffed, [batch, depth * stride, ...rest], `${name}.volume`);
    const shift = k * dilation;
    const moved = framed(node, volume, begin - shift, whole - attrs.pads[rank]! - shift, `${name}.moved`);
    if (moved === null) continue;
    sum = sum === null ? moved : node.emit('add', [sum, moved], {}, `${name}.sum`);
  }
  if (sum === null) return node.invalid('the result has no elements');
  return bias === null ? sum : node.emit('add', [sum, bias], {}, `${part}biased`);
}

/** Pooling of x [N, …, C] in any number of dimensions: over the last two, then over the others. */
export function pooling(
  node: Node,
  op: 'maxPool' | 'averagePool',
  x: ValueId,
  attrs: WindowAttributes & { readonly ceilMode: boolean; readonly countIncludePad?: boolean },
): ValueId {
  const rank = attrs.strides.length;
  if (rank <= 2) return node.emit(op, [x], attrs);
  const outer = rank - 2;
  const cut = (from: number, to: number) => ({
    ...attrs,
    kernel: attrs.kernel.slice(from, to),
    strides: attrs.strides.slice(from, to),
    dilations: attrs.dilations.slice(from, to),
    pads: [...attrs.pads.slice(from, to), ...attrs.pads.slice(rank + from, rank + to)],
  });
  const [batch, ...rest] = node.shape(x) as [number, ...number[]];
  const leading = rest.slice(0, outer);
  const images = node.reshape(
    x,
    [leading.reduce((product, n) => product * n, batch), ...rest.slice(outer)],
    'images',
  );
  const pooled = node.emit(op, [images], cut(outer, rank), 'planes');
  const plane = node.shape(pooled).slice(1);
  const columns = node.reshape(
    pooled,
    [batch, ...leading, plane.reduce((product, n) => product * n, 1)],
    'columns',
  );
  const y = pooling(node, op, columns, cut(0, outer));
  return node.reshape(y, [...node.shape(y).slice(0, -1), ...plane], 'volume');
}
