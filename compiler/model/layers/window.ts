/** Geometry of sliding windows: the numbers behind `kernel`, `stride`, `dilation` and `padding`. */
import { MillraceError } from '../../../runtime/error.ts';
import type { AnyTensor } from '../tensor.ts';
import type { PerAxis, WindowOptions } from '../types/window.ts';

export interface WindowAttributes {
  readonly kernel: number[];
  readonly strides: number[];
  readonly dilations: number[];
  /** Begins, then ends. */
  readonly pads: number[];
}

/** The window of a layer over the spatial dimensions of x. */
export function windowOf(
  name: string,
  x: AnyTensor,
  spatial: number,
  options: WindowOptions,
): WindowAttributes {
  const kernel = perAxis(name, options.kernel, spatial);
  const strides = perAxis(name, options.stride ?? 1, spatial);
  const dilations = perAxis(name, options.dilation ?? 1, spatial);
  const padding = options.padding ?? 'valid';
  if (padding !== 'same')
    return { kernel, strides, dilations, pads: padsOf(name, padding === 'valid' ? 0 : padding, spatial) };
  const totals = kernel.map((size, axis) => {
    const input = x.dim(1 + axis);
    const stride = strides[axis]!;
    return Math.max(0, (Math.ceil(input / stride) - 1) * stride + (size - 1) * dilations[axis]! + 1 - input);
  });
  return { kernel, strides, dilations, pads: aroundEvenly(totals) };
}

/** Totals shared between both sides, the odd one at the end. */
export function aroundEvenly(totals: readonly number[]): number[] {
  const begins = totals.map((total) => Math.floor(total / 2));
  return [...begins, ...totals.map((total, axis) => total - begins[axis]!)];
}

export function padsOf(name: string, padding: PerAxis, spatial: number): number[] {
  if (typeof padding === 'number') return new Array<number>(2 * spatial).fill(padding);
  if (padding.length === 2 * spatial) return [...padding];
  if (padding.length === spatial) return [...padding, ...padding];
  throw new MillraceError('MODEL_SHAPE', 'the padding has the wrong number of entries', {
    at: name,
    expected: `1, ${spatial} or ${2 * spatial} numbers`,
    got: `${padding.length}`,
  });
}

export function perAxis(name: string, value: PerAxis, count: number): number[] {
  if (typeof value === 'number') return new Array<number>(count).fill(value);
  if (value.length === count) return [...value];
  throw new MillraceError('MODEL_SHAPE', 'an option has the wrong number of entries', {
    at: name,
    expected: `one number, or ${count}: one for each axis`,
    got: `${value.length} numbers`,
  });
}

export function requireSpatial(name: string, x: AnyTensor, spatial: number): void {
  if (x.rank !== spatial + 2)
    throw new MillraceError('MODEL_SHAPE', 'the input has the wrong rank', {
      at: name,
      expected: spatial === 2 ? '[batch, height, width, channels]' : '[batch, length, channels]',
      got: `[${x.shape.join(', ')}]`,
    });
}
