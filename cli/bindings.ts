/** `--dim` and `--shape`: what an ONNX model leaves open, bound on the command line. */
import type { ImportOptions } from '../compiler/onnx/import.ts';
import { type Arguments, assignment, UsageError } from './command.ts';

export const bindingOptions = {
  dim: { type: 'string', multiple: true },
  shape: { type: 'string', multiple: true },
} as const;

export const bindingHelp = `  --dim NAME=N          bind a symbolic dimension of the model; may be repeated
  --shape NAME=1x3x224x224
                        bind the shape of an input; may be repeated`;

export function bindingsOf(given: Arguments, help: string): Pick<ImportOptions, 'dims' | 'shapes'> {
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
  return { dims, shapes };
}
