/**
 * The types of the inputs: symbolic dimensions bound by name, whole shapes by input, a symbolic batch (the first
 * dimension) by default to 1. What stays open is an error that names it and the flag that closes it: a guess would
 * compile a network that nobody asked for.
 */
import { MillraceError } from '../../../runtime/error.ts';
import { elementCount, type TensorType } from '../../ir/types.ts';
import { dtypeOf, elementTypeName, type OnnxValueInfo } from '../read/schema.ts';

export interface Bindings {
  /** Extent by name of the symbolic dimension. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Shape by name of the input. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

const isExtent = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

/** Static types of the inputs, by name, in order. Element types we lack are given to `unsupported`. */
export function bindInputs(
  inputs: readonly OnnxValueInfo[],
  { dims = {}, shapes = {} }: Bindings,
  unsupported: (input: string, reason: string) => void,
): Map<string, TensorType> {
  const shapeOf = new Map(Object.entries(shapes));
  const bound = bindNames(inputs, new Map(Object.entries(dims)), shapeOf);
  const types = new Map<string, TensorType>();
  for (const input of inputs) {
    if (input.elementType === null) {
      unsupported(input.name, 'is not a tensor');
      continue;
    }
    const dtype = dtypeOf(input.elementType);
    if (dtype === null) {
      unsupported(input.name, `element type ${elementTypeName(input.elementType)}`);
      continue;
    }
    const shape = shapeOf.get(input.name) ?? boundShape(input, bound);
    if (!Number.isSafeInteger(elementCount(shape) * 8))
      throw new MillraceError('MODEL_DIMENSION', 'shape overflows', {
        at: `input "${input.name}"`,
        got: `[${shape}]`,
      });
    types.set(input.name, { dtype, shape });
  }
  return types;
}

/** Extents of all symbolic names that something decides: an option, a given shape, or being a batch. */
function bindNames(
  inputs: readonly OnnxValueInfo[],
  dims: ReadonlyMap<string, number>,
  shapes: ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, number> {
  const symbols = new Set(
    inputs.flatMap(({ shape }) => (shape ?? []).filter((dim) => typeof dim === 'string')),
  );
  for (const [name, extent] of dims) {
    if (!symbols.has(name))
      throw new MillraceError('OPTION', 'the model has no such symbolic dimension', {
        at: `--dim ${name}`,
        expected: symbols.size > 0 ? [...symbols].join(', ') : 'none: all shapes are fixed',
      });
    if (!isExtent(extent))
      throw new MillraceError('OPTION', 'is no extent', { at: `--dim ${name}`, got: `${extent}` });
  }
  const bound = new Map(dims);
  for (const [name, shape] of shapes) {
    const input = inputs.find((candidate) => candidate.name === name);
    if (input === undefined)
      throw new MillraceError('OPTION', 'the model has no such input', {
        at: `--shape ${name}`,
        expected: inputs.map((candidate) => candidate.name).join(', ') || 'no inputs',
      });
    matchShape(input, shape, bound);
  }
  for (const { shape } of inputs) {
    const batch = shape?.[0];
    if (typeof batch === 'string' && !bound.has(batch)) bound.set(batch, 1);
  }
  return bound;
}

/** A given shape must agree with what the model says, and binds the names it meets. */
function matchShape(input: OnnxValueInfo, shape: readonly number[], bound: Map<string, number>): void {
  const complain = (what: string, expected: string): MillraceError =>
    new MillraceError('OPTION', what, { at: `--shape ${input.name}`, expected, got: `[${shape}]` });
  if (!shape.every(isExtent)) throw complain('is no shape', 'extents');
  if (input.shape === null) return;
  if (input.shape.length !== shape.length)
    throw complain('has the wrong rank', `[${input.shape.map(formatDimension)}]`);
  input.shape.forEach((dim, i) => {
    const extent = shape[i]!;
    if (typeof dim === 'number' && dim !== extent)
      throw complain(`dimension ${i} is fixed in the model`, `[${input.shape?.map(formatDimension)}]`);
    if (typeof dim !== 'string') return;
    const before = bound.get(dim);
    if (before !== undefined && before !== extent)
      throw complain(`contradicts ${dim} = ${before}`, `${before}`);
    bound.set(dim, extent);
  });
}

const formatDimension = (dim: number | string | null): string => (dim === null ? '?' : `${dim}`);

function boundShape(input: OnnxValueInfo, bound: ReadonlyMap<string, number>): number[] {
  const example = `--shape ${input.name}=1x3x224x224`;
  if (input.shape === null)
    throw new MillraceError('MODEL_DIMENSION', 'the model does not say its shape', {
      at: `input "${input.name}"`,
      hint: `Give it, as in ${example}.`,
    });
  return input.shape.map((dim, i) => {
    if (typeof dim === 'number') return dim;
    const extent = dim === null ? undefined : bound.get(dim);
    if (extent !== undefined) return extent;
    if (dim === null && i === 0) return 1;
    throw new MillraceError('MODEL_DIMENSION', `dimension ${i} is not bound`, {
      at: `input "${input.name}"`,
      expected: 'an extent',
      got: `[${input.shape?.map(formatDimension)}]`,
      hint:
        dim === null ? `Give the shape, as in ${example}.` : `Give it with --dim ${dim}=N, or ${example}.`,
    });
  });
}
