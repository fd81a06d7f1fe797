/**
 * Other people's names. A map says for each of our parameters which tensor of the file it is, or is made of; what it
 * does not know keeps its name.
 *
 *   mapNames(loadWeights('gpt2.safetensors'), rules([
 *     [/^block(\d+)\.attention\.query\.(weight|bias)$/, (n, what) => ({
 *       from: `h.${n}.attn.c_attn.${what}`, make: part(0, 3),
 *     })],
 *   ]))
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { Transform } from './transforms.ts';
import type { WeightSet } from './weight-set.ts';

/** A parameter that is not stored as it is. */
export interface Source {
  /** Tensors of the file, handed to `make` in this order. */
  readonly from: string | readonly string[];
  /** Makes the parameter of them; without it, the only one is the parameter. */
  readonly make?: Transform;
}

/** Which tensor of a file each parameter is, or what is made of which. */
export interface NameMap {
  /** The tensor behind a parameter; undefined: the one of the same name. */
  (parameter: string): string | Source | undefined;
  /** Tensors of the file that no parameter stands for, and that is right (counters of training, buffers). */
  readonly ignore?: RegExp;
}

/** Parameters of a pattern, and the tensor behind them: a text with $1, $2, …, or a function of the groups. */
export type Rule = readonly [
  pattern: RegExp,
  replacement: string | ((...groups: readonly string[]) => string | Source),
];

/**
 * A map made of rules, the first that matches deciding; a text may use $1, $2, … for the groups.
 * @throws nothing; what a rule asks for is looked up by `loadWeights` and `defineModel` (MODEL_WEIGHTS).
 * @example rules([[/^block(\d+)\.conv\.weight$/, 'features.$1.weight']], /num_batches_tracked$/);
 */
export function rules(list: readonly Rule[], ignore?: RegExp): NameMap {
  const map = (parameter: string): string | Source | undefined => {
    for (const [pattern, replacement] of list) {
      const match = pattern.exec(parameter);
      if (match === null) continue;
      if (typeof replacement === 'string') return parameter.replace(pattern, replacement);
      return replacement(...match.slice(1).map((group) => group ?? ''));
    }
    return undefined;
  };
  return ignore === undefined ? map : Object.assign(map, { ignore });
}

/**
 * The set under our names, as the option `map` of `loadWeights` gives it.
 * @throws MillraceError OPTION, in `get`, where the map names several tensors and not what to make of them.
 * @example mapNames(loadWeights('gpt2.safetensors'), huggingface.gpt2);
 */
export function mapNames(weights: WeightSet, map: NameMap): WeightSet {
  const sourceOf = (parameter: string): { from: readonly string[]; make?: Transform } => {
    const source = map(parameter) ?? parameter;
    if (typeof source === 'string') return { from: [source] };
    const from = typeof source.from === 'string' ? [source.from] : source.from;
    return source.make === undefined ? { from } : { from, make: source.make };
  };
  return {
    names: () => weights.names(),
    get(parameter) {
      const { from, make } = sourceOf(parameter);
      const tensors = from.map((name) => weights.get(name));
      if (!tensors.every((tensor) => tensor !== undefined)) return undefined;
      if (make !== undefined) return make(...tensors);
      if (tensors.length !== 1)
        throw new MillraceError('OPTION', 'the name map gives several tensors and not what to make of them', {
          at: `parameter "${parameter}"`,
          got: from.join(', '),
        });
      return tensors[0];
    },
    sourcesOf: (parameter) => sourceOf(parameter).from,
    ignores: (name) => map.ignore?.test(name) === true || weights.ignores?.(name) === true,
  };
}
