/**
 * The network being defined: layers find it here, name themselves by the scopes they are called in, and add their
 * parameters and nodes to it through the one graph builder. Invariant: a parameter's name is unique, except within
 * a `shared` block, where the same name is the same parameter.
 */
import { MillraceError } from '../../runtime/error.ts';
import type { AttrsArgument, GraphBuilder } from '../ir/builder.ts';
import type { Constant } from '../ir/constant.ts';
import { type DType, elementCount, type Shape, type TensorType } from '../ir/types.ts';
import type { GivenAttrs, OpBuilder, OpName } from '../ops/index.ts';
import type { Initializer } from './init.ts';
import { recipeOf } from './initializers.ts';
import { type AnyTensor, Tensor } from './tensor.ts';
import { WeightBinding } from './weights/binding.ts';
import { isWeightSet, type WeightSet } from './weights/weight-set.ts';

/** Options of `defineModel`. */
export interface ModelOptions {
  /** Every seeded parameter derives from it and from its own name. Default 0. */
  readonly seed?: number;
  /**
   * Values for parameters by name. Of a set (`loadWeights`) every parameter takes its own, and what is missing, left
   * over or of another shape is one error (MODEL_WEIGHTS); parameters that a record of arrays lacks are initialised.
   */
  readonly weights?: Readonly<Record<string, Float32Array>> | WeightSet;
}

/** A weight of a network. */
export interface Parameter {
  /** `stage1.block2.conv1.weight` */
  readonly name: string;
  readonly type: TensorType;
  /** False for what training only observes: running means and variances. Published counts leave those out. */
  readonly trainable: boolean;
}

export interface Definition {
  readonly builder: OpBuilder;
  readonly seed: number;
  /** Given arrays by name. */
  readonly arrays: ReadonlyMap<string, Float32Array>;
  /** Present where weights come from a set. */
  readonly binding: WeightBinding | null;
  readonly scopes: string[];
  /** Names of layers; within a `shared` block those of this call of it. */
  names: Set<string>;
  /** Names of the block's call may be known already. */
  sharing: boolean;
  readonly parameters: Map<string, { readonly tensor: AnyTensor; readonly parameter: Parameter }>;
  /** Constants that several layers make alike, by what they are. */
  readonly constants: Map<string, AnyTensor>;
  /** Given arrays that no layer has asked for yet. */
  readonly unused: Set<string>;
}

/** A network without layers. */
export function emptyDefinition(builder: OpBuilder, { weights = {}, seed = 0 }: ModelOptions): Definition {
  const arrays = new Map(isWeightSet(weights) ? [] : Object.entries(weights));
  return {
    builder,
    seed,
    arrays,
    binding: isWeightSet(weights) ? new WeightBinding(weights) : null,
    scopes: [],
    names: new Set(),
    sharing: false,
    parameters: new Map(),
    constants: new Map(),
    unused: new Set(arrays.keys()),
  };
}

/** Definitions do not nest. */
let current: Definition | null = null;

/** Runs `body` with `definition` as the network that layers add to. */
export function within<T>(definition: Definition, body: () => T): T {
  if (current !== null)
    throw new MillraceError('MODEL_INVALID', 'a network is defined inside another', {
      at: definition.builder.name,
    });
  current = definition;
  try {
    return body();
  } finally {
    current = null;
  }
}

export function definition(user: string): Definition {
  if (current === null)
    throw new MillraceError('MODEL_INVALID', 'is called outside of defineModel', { at: user });
  return current;
}

/**
 * Runs `body` with `name` in front of the names of all parameters and nodes made in it.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example scope('stage1', () => relu(conv2d(x, { filters: 64, kernel: 3 }))); // stage1.conv.weight
 */
export function scope<T>(name: string, body: () => T): T {
  const { scopes } = definition(name);
  scopes.push(name);
  try {
    return body();
  } finally {
    scopes.pop();
  }
}

/**
 * A block whose calls use the same parameters. The first call makes them, the others find them by name. The block keeps
 * its type, open shapes included.
 * @throws MillraceError MODEL_INVALID outside of `defineModel`, or where a call needs a parameter of another shape.
 * @example const embed = shared('embed', (x: FloatTensor<[1, 64]>) => dense(x, { units: 8 }));
 */
export function shared<F extends (...inputs: never[]) => unknown>(name: string, body: F): F {
  const state = definition(name);
  const path = layerName(name).split('.');
  const call = (...inputs: never[]): unknown => {
    const { scopes, names, sharing } = state;
    const outer = scopes.splice(0, scopes.length, ...path);
    state.names = new Set();
    state.sharing = true;
    try {
      return body(...inputs);
    } finally {
      scopes.splice(0, scopes.length, ...outer);
      state.names = names;
      state.sharing = sharing;
    }
  };
  return call as F;
}

/** A name with those of the scopes before it. */
export const scopedName = (name: string): string => [...definition(name).scopes, name].join('.');

/** Full name of a layer in the current scope; a second layer of that name gets a number. */
export function layerName(base: string): string {
  const { names } = definition(base);
  const name = scopedName(base);
  let unique = name;
  for (let n = 2; names.has(unique); n++) unique = `${name}${n}`;
  names.add(unique);
  return unique;
}

export interface ParameterOptions {
  /** Default true. */
  readonly trainable?: boolean;
}

/** A parameter by its full name: the given weights, or a seeded recipe that costs no memory. */
export function makeParameter(
  name: string,
  shape: Shape,
  initializer: Initializer,
  { trainable = true }: ParameterOptions = {},
): AnyTensor {
  const { builder, seed, arrays, binding, unused, parameters, sharing } = definition(name);
  const known = parameters.get(name);
  if (known !== undefined) {
    if (sharing && sameShape(known.tensor.shape, shape)) return known.tensor;
    throw new MillraceError('MODEL_INVALID', sharing ? 'is shared by two shapes' : 'is made twice', {
      at: name,
      expected: `[${known.tensor.shape.join(', ')}]`,
      got: `[${shape.join(', ')}]`,
      hint: 'Layers that share parameters are called in a block made by shared().',
    });
  }
  const type: TensorType = { dtype: 'float32', shape: [...shape] };
  const given = arrays.get(name);
  unused.delete(name);
  let constant: Constant;
  if (binding !== null) constant = binding.constant(name, type);
  else if (given === undefined) constant = recipeOf(initializer, shape, name, seed);
  else {
    if (given.length !== elementCount(shape))
      throw new MillraceError('MODEL_SHAPE', 'has the wrong number of elements', {
        at: name,
        expected: `${elementCount(shape)} for [${shape.join(', ')}]`,
        got: String(given.length),
      });
    constant = { kind: 'inline', bytes: new Uint8Array(given.buffer, given.byteOffset, given.byteLength) };
  }
  const tensor = new Tensor(builder, builder.constant(name, type, constant));
  parameters.set(name, { tensor, parameter: { name, type, trainable } });
  return tensor;
}

const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);

/** A constant that may be asked for again: same key, same value. */
export function makeConstant(key: string, type: TensorType, constant: () => Constant): AnyTensor {
  const { builder, constants } = definition(key);
  const known = constants.get(key);
  if (known !== undefined) return known;
  const tensor = new Tensor(builder, builder.constant(key, type, constant()));
  constants.set(key, tensor);
  return tensor;
}

/** A constant of one value and no dimensions. */
export const scalar = (value: number, dtype: DType): AnyTensor =>
  makeConstant(`${dtype}(${value})`, { dtype, shape: [] }, () => ({ kind: 'splat', value }));

/** Adds a node; an error of its op gets the layer's name. */
export function nodes<N extends OpName>(
  name: string,
  op: N,
  inputs: readonly (AnyTensor | null)[],
  ...[attrs]: AttrsArgument<GivenAttrs[N]>
): AnyTensor[] {
  const builder: GraphBuilder = definition(name).builder;
  for (const input of inputs)
    if (input !== null && input.builder !== builder)
      throw new MillraceError('MODEL_INVALID', 'an input is a tensor of another network', { at: name });
  try {
    const ids = inputs.map((input) => (input === null ? null : input.id));
    return builder.node(op, ids, attrs, name).map((id) => new Tensor(builder, id));
  } catch (error) {
    if (!(error instanceof MillraceError) || error.at !== undefined) throw error;
    throw new MillraceError(error.code, error.message, { at: name, cause: error });
  }
}

/** A node with one output, of the type its layer promises. */
export const node = <N extends OpName, T extends AnyTensor>(
  name: string,
  op: N,
  inputs: readonly (AnyTensor | null)[],
  ...attrs: AttrsArgument<GivenAttrs[N]>
): T => nodes(name, op, inputs, ...attrs)[0] as T;

/** Options are checked by name: one that the layer does not have is an error, never ignored. */
export function checkOptions(layer: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given))
    if (!known.includes(name))
      throw new MillraceError('OPTION', `no such option: ${name}`, { at: layer, expected: known.join(', ') });
}
