/** Loads a bundle as the engine options of a command line say. */
import { type LoadedModel, type LoadOptions, load } from '../runtime/node.ts';
import { type Arguments, UsageError } from './command.ts';

const engines = ['auto', 'native', 'wasm'];

export function engineOptionsOf(given: Arguments, help: string): LoadOptions {
  const engine = given.text('engine') ?? 'auto';
  if (!engines.includes(engine))
    throw new UsageError(`--engine: expected ${engines.join(', ')}, got "${engine}"`, help);
  const options: Record<string, unknown> = { engine };
  for (const name of ['mode', 'budget', 'source', 'verify']) {
    const value = given.text(name);
    if (value !== undefined) options[name] = value;
  }
  const threads = given.count('threads');
  if (threads !== undefined) options['threads'] = threads;
  if (given.flag('deterministic')) options['deterministic'] = true;
  return options as LoadOptions;
}

export const loadBundle = (path: string, options: LoadOptions): Promise<LoadedModel> => load(path, options);
