/**
 * Parameters meet weights. A parameter whose tensor is missing or of another shape does not stop the definition: all
 * that is wrong is said at once, at its end, as is what the file has and nobody asked for.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { Constant, TypedConstant } from '../../ir/constant.ts';
import { formatType, isFloat, sameShape, type TensorType } from '../../ir/types.ts';
import { applied } from '../../ops/constants/recipes.ts';
import type { WeightSet } from './weight-set.ts';

/** Names of one kind in the message. */
const MOST = 20;

export class WeightBinding {
  readonly #weights: WeightSet;
  readonly #missing: string[] = [];
  readonly #unfit: string[] = [];
  readonly #used = new Set<string>();

  constructor(weights: WeightSet) {
    this.#weights = weights;
  }

  /** The recipe of a parameter; zeros where it has none, and `finish` will throw. */
  constant(parameter: string, type: TensorType): Constant {
    const sources = this.#weights.sourcesOf?.(parameter) ?? [parameter];
    for (const name of sources) this.#used.add(name);
    const found = this.#find(parameter);
    if (found === undefined) {
      const stored = sources.filter((name) => name !== parameter);
      this.#missing.push(stored.length === 0 ? parameter : `${parameter} (stored as ${stored.join(', ')})`);
    } else if (found !== null) {
      if (sameShape(found.type.shape, type.shape) && isConvertible(found.type, type))
        return converted(found, type).constant;
      this.#unfit.push(`${parameter}: expected ${formatType(type)}, got ${formatType(found.type)}`);
    }
    return { kind: 'splat', value: 0 };
  }

  /** Throws MODEL_WEIGHTS if anything does not fit. `model` is what the message is about. */
  finish(model: string): void {
    const extra = [...this.#weights.names()].filter(
      (name) => !this.#used.has(name) && this.#weights.ignores?.(name) !== true,
    );
    const lines = [
      listed('missing', this.#missing),
      listed('of another type or shape', this.#unfit),
      listed('asked for by no layer', extra),
    ].filter((line) => line !== null);
    if (lines.length === 0) return;
    throw new MillraceError('MODEL_WEIGHTS', 'the weights do not fit the model', {
      at: model,
      got: lines.join('\n  '),
      ...(this.#missing.length > 0 && extra.length > 0
        ? { hint: 'Names may differ: see the `map` option of loadWeights.' }
        : {}),
    });
  }

  /** Null where the set has the tensor but cannot give it, which is noted. */
  #find(parameter: string): TypedConstant | undefined | null {
    try {
      return this.#weights.get(parameter);
    } catch (error) {
      const fits =
        error instanceof MillraceError && ['MODEL_SHAPE', 'MODEL_UNSUPPORTED'].includes(error.code);
      if (!fits) throw error;
      this.#unfit.push(`${parameter}: ${error.message.replaceAll('\n', ';')}`);
      return null;
    }
  }
}

/** Weights are stored in half or double precision, and computed with in single. */
const isConvertible = (from: TensorType, to: TensorType): boolean =>
  from.dtype === to.dtype || (isFloat(from.dtype) && isFloat(to.dtype));

const converted = (constant: TypedConstant, to: TensorType): TypedConstant =>
  constant.type.dtype === to.dtype ? constant : applied('cast', [constant], { to: to.dtype });

function listed(what: string, names: readonly string[]): string | null {
  if (names.length === 0) return null;
  const more = names.length > MOST ? `\n    … and ${names.length - MOST} more` : '';
  return `${names.length} ${what}:\n    ${names.slice(0, MOST).join('\n    ')}${more}`;
}
