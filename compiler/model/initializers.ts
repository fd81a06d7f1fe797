/**
 * Values of parameters that nobody gave. They are recipes: `random` constants are evaluated a slice at a time when
 * the network is packed, so a network of any size can be defined in a few kilobytes.
 */
import type { Constant } from '../ir/constant.ts';
import { elementCount, type Shape } from '../ir/types.ts';

export type Initializer =
  /** One value everywhere. */
  | { readonly kind: 'constant'; readonly value: number }
  /** Normal, variance 2 / fan-in (He et al. 2015, arXiv 1502.01852): keeps the scale through ReLU layers. */
  | { readonly kind: 'he' }
  /** Uniform in ±√(6 / (fan-in + fan-out)) (Glorot and Bengio 2010). */
  | { readonly kind: 'glorot' }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number }
  | { readonly kind: 'uniform'; readonly from: number; readonly to: number };

/** One value everywhere. */
export const filled = (value: number): Initializer => ({ kind: 'constant', value });
export const zeros: Initializer = filled(0);
export const ones: Initializer = filled(1);
export const he: Initializer = { kind: 'he' };
export const glorot: Initializer = { kind: 'glorot' };
export const normal = (mean: number, deviation: number): Initializer => ({ kind: 'normal', mean, deviation });
export const uniform = (from: number, to: number): Initializer => ({ kind: 'uniform', from, to });

/** Weights are [out, in, …kernel]: fan-in is everything but the first axis. */
export function recipeOf(initializer: Initializer, shape: Shape, name: string, seed: number): Constant {
  if (initializer.kind === 'constant') return { kind: 'splat', value: initializer.value };
  const fanIn = Math.max(1, elementCount(shape.slice(1)));
  const fanOut = Math.max(1, (shape[0] ?? 1) * elementCount(shape.slice(2)));
  const random = (distribution: 'normal' | 'uniform', mean: number, scale: number): Constant => ({
    kind: 'random',
    distribution,
    seed: seedOf(name, seed),
    mean,
    scale,
  });
  switch (initializer.kind) {
    case 'he':
      return random('normal', 0, Math.sqrt(2 / fanIn));
    case 'glorot':
      return random('uniform', 0, Math.sqrt(6 / (fanIn + fanOut)));
    case 'normal':
      return random('normal', initializer.mean, initializer.deviation);
    case 'uniform':
      return random(
        'uniform',
        (initializer.from + initializer.to) / 2,
        (initializer.to - initializer.from) / 2,
      );
  }
}

/** FNV-1a of the name, mixed with the model's seed: renaming one layer leaves all others as they were. */
function seedOf(name: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
