/** `--dim`, `--shape` and `--seed`: what a model leaves open, bound on the command line. */
import { type Arguments, assignment, UsageError } from './command.ts';
import type { ModelFileOptions } from './model-file.ts';

export const bindingOptions = {
  dim: { type: 'string', multiple: true },
  shape: { type: 'string', multiple: true },
  seed: { type: 'string' },
} as const;

export const bindingHelp = `  --dim NAME=N          bind a symbolic dimension of the model, or width or height of a .cfg; may be repeated
  --shape NAME=1x3x224x224
                        bind the shape of an input; may be repeated
  --seed N              make up the weights of a .cfg`;

export function bindingsOf(given: Arguments, help: string): ModelFileOptions {
  const dims: Record<string, number> = {};
  for (const text of given.list('dim')) {
    const [name, value] = assignment(text, 'dim', help);
    if (!/^[1-9]\d*$/.test(value)) throw new UsageError(`--dim ${name}: expected a positive number`, help);
    dims[name] = Number(value);
  }
  const shapes: Record<string, number[]> = {};
  for (const text of given.list('shape')) {
    const [name, value] = assignment(text, 'shape', help);
    if (!/^\d+(x\d+)*$/.test(value)) throw new UsageError(`--shape ${name}: expected 1x3x224x224`, help);
    shapes[name] = value.split('x').map(Number);
  }
  const seed = given.count('seed');
  return { dims, shapes, ...(seed === undefined ? {} : { seed }) };
}
