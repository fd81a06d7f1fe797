/**
 * What an initializer is in the graph: a recipe. `random` constants are evaluated a slice at a time when the network is
 * packed, so a network of any size can be defined in a few kilobytes.
 */
import type { Constant } from '../ir/constant.ts';
import { elementCount, type Shape } from '../ir/types.ts';
import type { Initializer } from './init.ts';

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
