/**
 * x [N, …spatial, C] read at the places of a grid [N, …out, dimensions]: coordinates from −1 to 1, of the last spatial
 * dimension first. They mean the centres of the outermost elements with `alignCorners`, else their outer edges.
 * (ONNX GridSample-22)
 */
import { elementCount, formatType, type Shape, stridesOf, type TensorType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { requireFloat } from '../define/typing.ts';
import { keys } from '../movement/resample-taps.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

interface GridAttrs {
  readonly mode: string;
  readonly padding: string;
  readonly alignCorners: boolean;
}

/** How many elements of an axis make one sample. */
const tapCounts: Readonly<Record<string, number>> = { nearest: 1, linear: 2, cubic: 4 };
const paddings = ['zeros', 'border', 'reflection'];

/** Mirrors a coordinate at both bounds until it is between them. */
function reflected(x: number, low: number, high: number): number {
  const span = high - low;
  if (span <= 0) return low;
  const from = x < low ? low - x : x - low;
  const into = from % (2 * span);
  return low + (into > span ? 2 * span - into : into);
}

/** Half to even, as IEEE 754 rounds. */
function rounded(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return Math.round(x);
}

/** Along one axis: which elements a coordinate reads, −1 for a zero, and with what weights. */
function readAxis(
  coordinate: number,
  extent: number,
  { mode, padding, alignCorners }: GridAttrs,
  indices: Int32Array,
  weights: Float64Array,
  at: number,
): void {
  const [low, high] = alignCorners ? [0, extent - 1] : [-0.5, extent - 0.5];
  let x = alignCorners ? ((coordinate + 1) / 2) * (extent - 1) : ((coordinate + 1) * extent - 1) / 2;
  if (mode === 'nearest') x = rounded(x);
  if (x < low || x > high) {
    if (padding === 'border') x = Math.min(Math.max(x, 0), extent - 1);
    else if (padding === 'reflection') x = reflected(x, low, high);
  }
  const count = tapCounts[mode]!;
  const first = mode === 'nearest' ? rounded(x) : Math.floor(x) + 1 - count / 2;
  for (let t = 0; t < count; t++) {
    const index = first + t;
    const distance = index - x;
    weights[at + t] =
      mode === 'nearest' ? 1 : mode === 'linear' ? 1 - Math.abs(distance) : keys(distance, -0.75);
    if (index >= 0 && index < extent) indices[at + t] = index;
    else if (padding === 'border') indices[at + t] = index < 0 ? 0 : extent - 1;
    else if (padding === 'reflection') indices[at + t] = Math.trunc(reflected(index, low, high));
    else indices[at + t] = -1;
  }
}

function check(x: TensorType, grid: TensorType, { mode, padding }: GridAttrs): void {
  const spatial = x.shape.length - 2;
  if (spatial < 1) throw shapeError('input x', '[batch, …spatial, channels]', formatType(x));
  const fits =
    grid.shape.length === x.shape.length && grid.shape[0] === x.shape[0] && grid.shape.at(-1) === spatial;
  if (!fits) throw shapeError('grid', `[${x.shape[0]}, …, ${spatial}]`, formatType(grid));
  if (!(mode in tapCounts)) throw shapeError('mode', Object.keys(tapCounts).join(', '), `"${mode}"`);
  if (!paddings.includes(padding)) throw shapeError('padding', paddings.join(', '), `"${padding}"`);
  const empty = x.shape.slice(1, -1).includes(0);
  if (empty && elementCount(grid.shape) > 0) throw shapeError('input x', 'elements to sample', formatType(x));
}

/** Combines what the axes read: offsets of elements and their weights. */
function combine(spatial: Shape, count: number, indices: Int32Array, weights: Float64Array) {
  const strides = stridesOf(spatial);
  let offsets = [0];
  let products = [1];
  for (const [axis, stride] of strides.entries()) {
    const [nextOffsets, nextProducts]: [number[], number[]] = [[], []];
    for (let i = 0; i < offsets.length; i++)
      for (let t = axis * count; t < (axis + 1) * count; t++) {
        if (indices[t]! < 0) continue;
        nextOffsets.push(offsets[i]! + indices[t]! * stride);
        nextProducts.push(products[i]! * weights[t]!);
      }
    offsets = nextOffsets;
    products = nextProducts;
  }
  return { offsets, products };
}

export const gridSample = /* @__PURE__ */ defineOp({
  name: 'gridSample',
  inputs: ['x', 'grid'],
  attrs: { mode: 'linear', padding: 'zeros', alignCorners: false },
  traits: {},
  infer(inputs, attrs) {
    const [x, grid] = [required(inputs, 0, 'x'), requireFloat(inputs, 1, 'grid')];
    check(x, grid, attrs);
    if (attrs.mode !== 'nearest') requireFloat(inputs, 0, 'x');
    return [{ dtype: x.dtype, shape: [...grid.shape.slice(0, -1), x.shape.at(-1)!] }];
  },
  evaluate(inputs, attrs, [type]) {
    const [x, grid] = [present(inputs, 0), present(inputs, 1)];
    const [pixels, places] = [realsOf(x), realsOf(grid)];
    const spatial = x.type.shape.slice(1, -1);
    const channels = x.type.shape.at(-1)!;
    const dimensions = spatial.length;
    const count = tapCounts[attrs.mode]!;
    const indices = new Int32Array(dimensions * count);
    const weights = new Float64Array(dimensions * count);
    const points = elementCount(grid.type.shape.slice(1, -1));
    const y = new Float64Array(elementCount(type!.shape));
    for (let point = 0; point < x.type.shape[0]! * points; point++) {
      for (let axis = 0; axis < dimensions; axis++) {
        const coordinate = places[point * dimensions + dimensions - 1 - axis]!;
        readAxis(coordinate, spatial[axis]!, attrs, indices, weights, axis * count);
      }
      const { offsets, products } = combine(spatial, count, indices, weights);
      const image = Math.floor(point / points) * elementCount(spatial);
      for (let i = 0; i < offsets.length; i++) {
        const from = (image + offsets[i]!) * channels;
        const weight = products[i]!;
        for (let c = 0; c < channels; c++) y[point * channels + c]! += weight * pixels[from + c]!;
      }
    }
    return [tensorOfReals(type!, y)];
  },
  host: 'reads at places that data decide',
  cost: (inputs, outputs, { mode }) => ({
    flops: 2 * elementCount(outputs[0]!.shape) * tapCounts[mode]! ** (outputs[0]!.shape.length - 2),
    bytes: trafficOf(inputs, outputs),
  }),
});
