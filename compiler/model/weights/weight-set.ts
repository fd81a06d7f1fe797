/** Weights by name, as a network under definition asks for them. Sets are lazy: they give recipes, not elements. */
import type { TypedConstant } from '../../ir/constant.ts';

/** Weights by name: recipes, not elements. */
export interface WeightSet {
  /** Names of all tensors, as their source has them. */
  names(): Iterable<string>;
  /** The tensor that stands for a parameter; undefined where the set has none. */
  get(parameter: string): TypedConstant | undefined;
  /** Tensors that `get` makes a parameter of, where names are mapped; without it, the one of the parameter's name. */
  sourcesOf?(parameter: string): readonly string[];
  /** Whether a tensor may go unused without complaint. */
  ignores?(name: string): boolean;
}

/** Tensors by name. */
export function weightSet(tensors: ReadonlyMap<string, TypedConstant>): WeightSet {
  return { names: () => tensors.keys(), get: (name) => tensors.get(name) };
}

export const isWeightSet = (value: unknown): value is WeightSet =>
  typeof value === 'object' &&
  value !== null &&
  'names' in value &&
  typeof value.names === 'function' &&
  'get' in value &&
  typeof value.get === 'function';
