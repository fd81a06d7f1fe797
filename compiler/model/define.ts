/**
 * `defineModel`: runs a function once over symbolic tensors and keeps the graph it describes. Layers are plain
 * functions, a block is a function that calls them; `scope` gives the parameters inside a prefix, so that names
 * are those a person would look up (`stage1.block2.conv1.weight`).
 */
import { MillraceError } from '../../runtime/error.ts';
import type { GraphBuilder } from '../ir/builder.ts';
import type { Attrs, Constant } from '../ir/constant.ts';
import type { Graph } from '../ir/graph.ts';
import { type DType, elementCount, type Shape, type TensorType } from '../ir/types.ts';
import { graphBuilder } from '../ops/index.ts';
import { type Initializer, recipeOf } from './initializers.ts';
import { Tensor } from './tensor.ts';
import { WeightBinding } from './weights/binding.ts';
import { isWeightSet, type WeightSet } from './weights/weight-set.ts';

/** A defined network. */
export interface Model {
  readonly name: string;
  readonly graph: Graph;
}

export interface ModelOptions {
  /** Every seeded parameter derives from it and from its own name. Default 0. */
  readonly seed?: number;
  /**
   * Values for parameters by name. Of a set (`loadWeights`) every parameter takes its own, and what is missing, left
   * over or of another shape is one error (MODEL_WEIGHTS); parameters that a record of arrays lacks are initialised.
   */
  readonly weights?: Readonly<Record<string, Float32Array>> | WeightSet;
}

type Signature = Readonly<Record<string, TensorType>>;

/** Describes an input: `tensor('float32', [1, 224, 224, 3])`. */
export const tensor = (dtype: DType, shape: Shape): TensorType => ({ dtype, shape });

interface Definition {
  readonly builder: GraphBuilder;
  readonly scopes: string[];
  readonly names: Set<string>;
  readonly seed: number;
  readonly arrays: Readonly<Record<string, Float32Array>>;
  readonly unused: Set<string>;
  /** Present where weights come from a set. */
  readonly binding: WeightBinding | null;
}

/** Layers find their network here; definitions do not nest. */
let current: Definition | null = null;

/**
 * Defines a network. `body` receives a tensor for each input and returns the outputs by name.
 * Throws MillraceError MODEL_SHAPE where a layer does not fit its inputs.
 */
export function defineModel<I extends Signature>(
  name: string,
  inputs: I,
  body: (inputs: { readonly [K in keyof I]: Tensor }) => Readonly<Record<string, Tensor>>,
  options: ModelOptions = {},
): Model {
  if (current !== null)
    throw new MillraceError('MODEL_INVALID', 'a network is defined inside another', { at: name });
  const builder = graphBuilder(name);
  const { weights = {}, seed = 0 } = options;
  const binding = isWeightSet(weights) ? new WeightBinding(weights) : null;
  const arrays = isWeightSet(weights) ? {} : weights;
  const unused = new Set(Object.keys(arrays));
  current = { builder, scopes: [], names: new Set(), seed, arrays, unused, binding };
  try {
    const tensors: Record<string, Tensor> = {};
    for (const [key, type] of Object.entries(inputs))
      tensors[key] = new Tensor(builder, builder.input(key, type));
    const outputs = body(tensors as { readonly [K in keyof I]: Tensor });
    for (const [key, value] of Object.entries(outputs)) builder.output(key, value.id);
    if (unused.size > 0)
      throw new MillraceError('MODEL_INVALID', 'weights were given that no layer asks for', {
        at: name,
        got: [...unused].join(', '),
      });
    binding?.finish(name);
    return { name, graph: builder.build() };
  } finally {
    current = null;
  }
}

/** Runs `body` with `name` in front of the names of all parameters and nodes made in it. */
export function scope<T>(name: string, body: () => T): T {
  const { scopes } = definition(name);
  scopes.push(name);
  try {
    return body();
  } finally {
    scopes.pop();
  }
}

function definition(user: string): Definition {
  if (current === null)
    throw new MillraceError('MODEL_INVALID', 'is called outside of defineModel', { at: user });
  return current;
}

/** Full name of a layer in the current scope; a second layer of that name gets a number. */
export function layerName(base: string): string {
  const { scopes, names } = definition(base);
  const name = [...scopes, base].join('.');
  let unique = name;
  for (let n = 2; names.has(unique); n++) unique = `${name}${n}`;
  names.add(unique);
  return unique;
}

/** A parameter of layer `layer`: the given weights, or a seeded recipe that costs no memory. */
export function parameter(layer: string, role: string, shape: Shape, initializer: Initializer): Tensor {
  const { builder, seed, arrays, unused, binding } = definition(layer);
  const name = `${layer}.${role}`;
  const given = arrays[name];
  unused.delete(name);
  const type: TensorType = { dtype: 'float32', shape };
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
  return new Tensor(builder, builder.constant(name, type, constant));
}

/** A constant tensor of one value. */
export function scalar(value: number, dtype: DType = 'float32'): Tensor {
  const { builder } = definition('scalar');
  const id = builder.constant(String(value), { dtype, shape: [] }, { kind: 'splat', value });
  return new Tensor(builder, id);
}

/** Adds a node; an error of its op gets the layer's name. */
export function node(
  name: string,
  op: string,
  inputs: readonly (Tensor | null)[],
  attrs: Attrs = {},
): Tensor[] {
  const { builder } = definition(name);
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
