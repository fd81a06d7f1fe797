/**
 * Where each element of a resized dimension comes from: one or two elements of the old one and their weights.
 * Coordinates and rounding are those of the ONNX specification of Resize (`coordinate_transformation_mode`,
 * `nearest_mode`); coordinates outside the dimension are clamped to its ends.
 */
import { formatType, isFloat, type TensorType } from '../../ir/types.ts';
import { shapeError } from '../define/op.ts';

export interface ResizeAttrs {
  readonly shape: readonly number[];
  readonly scales: readonly number[];
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
}

export interface Tap {
  readonly low: number;
  readonly high: number;
  readonly lowWeight: number;
  readonly highWeight: number;
}

interface Dimension {
  readonly input: number;
  readonly output: number;
  readonly scale: number;
  /** Output coordinate to input coordinate, by scale alone. */
  readonly shrink: (x: number) => number;
}

const halfPixel = (x: number, { shrink }: Dimension): number => shrink(x + 0.5) - 0.5;

const coordinates: Readonly<Record<string, (x: number, dimension: Dimension) => number>> = {
  half_pixel: halfPixel,
  asymmetric: (x, { shrink }) => shrink(x),
  align_corners: (x, { input, output }) => (output === 1 ? 0 : (x * (input - 1)) / (output - 1)),
  pytorch_half_pixel: (x, dimension) => (dimension.output === 1 ? 0 : halfPixel(x, dimension)),
  // Of Resize-11; exporters of TensorFlow meant it for the nearest element.
  tf_half_pixel_for_nn: (x, { shrink }) => shrink(x + 0.5),
  // Keeps the centre of the image in place where the output was rounded from input·scale.
  half_pixel_symmetric: (x, dimension) => {
    const { input, output, scale } = dimension;
    return (input / 2) * (1 - output / (input * scale)) + halfPixel(x, dimension);
  },
};

export const rounding: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Names of the rules for coordinates. */
export const coordinateNames: readonly string[] = Object.keys(coordinates);

/** Throws unless there is an extent and a scale for each dimension of x. */
export function checkSizes(
  x: TensorType,
  { shape, scales }: { readonly shape: readonly number[]; readonly scales: readonly number[] },
): void {
  const rank = x.shape.length;
  if (shape.length !== rank || !shape.every((dim) => Number.isInteger(dim) && dim >= 0))
    throw shapeError('shape', `${rank} dimensions for ${formatType(x)}`, `[${shape}]`);
  if (x.shape.some((dim, axis) => dim === 0 && shape[axis] !== 0))
    throw shapeError('input x', 'elements to resize', formatType(x));
  if (scales.length !== rank || !scales.every((scale) => scale > 0 && Number.isFinite(scale)))
    throw shapeError('scales', `${rank} positive numbers`, `[${scales}]`);
}

/** Throws unless the attributes describe a resize of x. */
export function checkResize(x: TensorType, attrs: ResizeAttrs): void {
  const { mode } = attrs;
  const known = {
    mode: ['nearest', 'linear'],
    coordinates: coordinateNames,
    nearest: Object.keys(rounding),
  };
  for (const [name, names] of Object.entries(known)) {
    const value = attrs[name as 'mode' | 'coordinates' | 'nearest'];
    if (!names.includes(value)) throw shapeError(name, names.join(', '), `"${value}"`);
  }
  checkSizes(x, attrs);
  if (mode === 'linear' && !isFloat(x.dtype))
    throw shapeError('linear resize', 'floating point numbers', formatType(x));
}

/** The element nearest to a coordinate, by the rule of the attributes. */
export const nearestOf = (x: number, { nearest }: ResizeAttrs): number => rounding[nearest]!(x);

/** Output coordinate to input coordinate, along one dimension. */
export function coordinateOf(
  input: number,
  output: number,
  scale: number,
  attrs: ResizeAttrs,
): (o: number) => number {
  // Where the scale is that of the extents, multiply first: 3·7/3 is 7, but 3 / (3/7) need not be, and `floor`
  // would tell. Exporters store scales as float32.
  const exact = Math.fround(output / input) === Math.fround(scale);
  const shrink = exact ? (x: number) => (x * input) / output : (x: number) => x / scale;
  const dimension: Dimension = { input, output, scale: exact ? output / input : scale, shrink };
  const coordinate = coordinates[attrs.coordinates]!;
  return (o) => coordinate(o, dimension);
}

export function tapsOf(input: number, output: number, scale: number, attrs: ResizeAttrs): Tap[] {
  const coordinate = coordinateOf(input, output, scale, attrs);
  const clamp = (x: number): number => Math.max(0, Math.min(input - 1, x));
  return Array.from({ length: output }, (_, o) => {
    const x = coordinate(o);
    if (attrs.mode === 'nearest') {
      const low = clamp(nearestOf(x, attrs));
      return { low, high: low, lowWeight: 1, highWeight: 0 };
    }
    const within = clamp(x);
    const low = Math.floor(within);
    return {
      low,
      high: Math.min(low + 1, input - 1),
      lowWeight: 1 - (within - low),
      highWeight: within - low,
    };
  });
}

/** The dimension stays as it is. */
export const isIdentity = (taps: readonly Tap[], input: number): boolean =>
  taps.length === input && taps.every(({ low, highWeight }, i) => low === i && highWeight === 0);
