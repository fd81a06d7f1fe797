/**
 * The types of the inputs. Symbolic dimensions are bound by name, whole shapes by input; a batch, the first dimension, is
 * by default 1. What stays open is reported with the flags that close it: a guess would compile a network that nobody
 * asked for.
 */
import { MillraceError } from '../../../runtime/error.ts';
import { elementCount, type TensorType } from '../../ir/types.ts';
import { narrowOf } from '../read/narrow.ts';
import { dtypeOf, elementTypeName, type OnnxDimension, type OnnxValueInfo } from '../read/schema.ts';
import { formatShape } from './open-inputs.ts';

/** Values for what a model leaves open. */
export interface Bindings {
  /** Extent by name of the symbolic dimension. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Shape by name of the input. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

export interface BoundInputs {
  /** Static types by name, in order, of the inputs that have one. */
  readonly types: ReadonlyMap<string, TensorType>;
  /** Inputs that lack extents. */
  readonly open: readonly OnnxValueInfo[];
  /** Why an input is of no type that Millrace has. */
  readonly foreign: ReadonlyMap<string, string>;
  /** Extents of the symbolic dimensions that are decided. */
  readonly bound: ReadonlyMap<string, number>;
  /** Extents that nothing gave: `N = 1` by name, `x[0] = 1` where there is none. */
  readonly assumed: readonly string[];
}

const isExtent = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

export function bindInputs(
  listed: readonly OnnxValueInfo[],
  { dims = {}, shapes = {} }: Bindings,
): BoundInputs {
  const inputs = listed.map((input) => ({ ...input, shape: input.shape?.map(symbolOf) ?? null }));
  const given = new Map(Object.entries(shapes));
  const assumed: string[] = [];
  const bound = bindNames(inputs, new Map(Object.entries(dims)), given, assumed);
  const types = new Map<string, TensorType>();
  const open: OnnxValueInfo[] = [];
  const foreign = new Map<string, string>();
  for (const input of inputs) {
    if (input.elementType === null) {
      foreign.set(input.name, 'is not a tensor');
      continue;
    }
    const dtype = dtypeOf(input.elementType) ?? narrowOf(input.elementType)?.wide ?? null;
    if (dtype === null) foreign.set(input.name, `element type ${elementTypeName(input.elementType)}`);
    const shape = given.get(input.name) ?? boundShape(input.shape, bound);
    if (shape === null) open.push(input);
    else if (!given.has(input.name) && input.shape?.[0] === null) assumed.push(`${input.name}[0] = 1`);
    if (shape === null || dtype === null) continue;
    if (!Number.isSafeInteger(elementCount(shape) * 8))
      throw new MillraceError('MODEL_DIMENSION', 'shape overflows', {
        at: `input "${input.name}"`,
        got: `[${shape}]`,
      });
    types.set(input.name, { dtype, shape });
  }
  return { types, open, foreign, bound, assumed };
}

/** A name without a letter (`?`, `-1`), or Python's `None`, names no dimension: two of them need not be equal. */
const symbolOf = (dim: OnnxDimension): OnnxDimension =>
  typeof dim === 'string' && (!/\p{L}/u.test(dim) || dim === 'None') ? null : dim;

/** Extents of all symbolic names that something decides: an option, a given shape, or being a batch. */
function bindNames(
  inputs: readonly OnnxValueInfo[],
  dims: ReadonlyMap<string, number>,
  shapes: ReadonlyMap<string, readonly number[]>,
  assumed: string[],
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
    if (typeof batch !== 'string' || bound.has(batch)) continue;
    bound.set(batch, 1);
    assumed.push(`${batch} = 1`);
  }
  return bound;
}

/** A given shape must agree with what the model says, and binds the names it meets. */
function matchShape(input: OnnxValueInfo, shape: readonly number[], bound: Map<string, number>): void {
  const complain = (what: string, expected: string): MillraceError =>
    new MillraceError('OPTION', what, { at: `--shape ${input.name}`, expected, got: `[${shape}]` });
  if (!shape.every(isExtent)) throw complain('is no shape', 'extents');
  if (input.shape === null) return;
  if (input.shape.length !== shape.length) throw complain('has the wrong rank', formatShape(input.shape));
  input.shape.forEach((dim, i) => {
    const extent = shape[i]!;
    if (typeof dim === 'number' && dim !== extent)
      throw complain(`dimension ${i} is fixed in the model`, formatShape(input.shape ?? []));
    if (typeof dim !== 'string') return;
    const before = bound.get(dim);
    if (before !== undefined && before !== extent)
      throw complain(`contradicts ${dim} = ${before}`, `${before}`);
    bound.set(dim, extent);
  });
}

/** The static shape, or null where something stays open. */
function boundShape(
  shape: readonly OnnxDimension[] | null,
  bound: ReadonlyMap<string, number>,
): number[] | null {
  const extents = shape?.map((dim, axis) => {
    if (typeof dim === 'number') return dim;
    if (dim === null) return axis === 0 ? 1 : null;
    return bound.get(dim) ?? null;
  });
  return extents?.every((extent) => extent !== null) ? extents : null;
}
