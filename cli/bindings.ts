/** `--dim`, `--shape`, `--bind` and `--seed`: what a model leaves open, bound on the command line. */
import { type Arguments, assignment, UsageError } from './command.ts';
import type { ModelFileOptions } from './model-file.ts';

export const bindingOptions = {
  dim: { type: 'string', multiple: true },
  shape: { type: 'string', multiple: true },
  bind: { type: 'string', multiple: true },
  seed: { type: 'string' },
} as const;

export const bindingHelp = `  --dim NAME=N          bind a symbolic dimension of the model, or width or height of a .cfg; may be repeated
  --shape NAME=1x3x224x224
                        bind the shape of an input ("scalar" for none); may be repeated
  --bind NAME=VALUE     bake an input in: a number, numbers with commas, or @file.npy; may be repeated
  --seed N              make up the weights of a .cfg`;

export function bindingsOf(given: Arguments, help: string): ModelFileOptions {
  const dims = new Map<string, number>();
  for (const text of given.list('dim')) {
    const [name, value] = assignment(text, 'dim', help);
    if (!/^\d+$/.test(value))
      throw new UsageError(`--dim ${name}: expected a whole number, got "${value}"`, help);
    dims.set(name, Number(value));
  }
  const shapes = new Map<string, number[]>();
  for (const text of given.list('shape')) {
    const [name, value] = assignment(text, 'shape', help);
    if (!/^(\d+(x\d+)*|scalar)$/.test(value))
      throw new UsageError(
        `--shape ${name}: expected extents as in 1x3x224x224, or scalar, got "${value}"`,
        help,
      );
    shapes.set(name, value === 'scalar' ? [] : value.split('x').map(Number));
  }
  const binds = new Map(given.list('bind').map((text) => assignment(text, 'bind', help)));
  const seed = given.count('seed');
  return {
    dims: Object.fromEntries(dims),
    shapes: Object.fromEntries(shapes),
    binds,
    ...(seed === undefined ? {} : { seed }),
  };
}
