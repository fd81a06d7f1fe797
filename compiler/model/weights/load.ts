/** `loadWeights`: files of weights by what they are. Only directories are read; the weights stay where they are. */
import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { MillraceError } from '../../../runtime/error.ts';
import { mapNames, type NameMap } from './names.ts';
import { npyRecipe } from './npy.ts';
import { readNpz } from './npz.ts';
import { readSafetensors } from './safetensors.ts';
import { readSharded } from './sharded.ts';
import { type WeightSet, weightSet } from './weight-set.ts';

/** Options of `loadWeights`. */
export interface LoadWeightsOptions {
  /** Which tensor each parameter is; without it, names are the same. */
  readonly map?: NameMap;
}

/** In a folder, the first of these that is there. */
const usual = ['model.safetensors.index.json', 'model.safetensors', 'weights.npz'];

/**
 * Weights of `.safetensors` files, of a sharded model's `.safetensors.index.json`, of `.npz` or of `.npy` (one tensor, of
 * the file's name), or of a folder that has one of the first three; several files are one set.
 * @throws MillraceError MODEL_READ, MODEL_INVALID for a file that is damaged, MODEL_UNSUPPORTED for one of another kind,
 * MODEL_EXTERNAL_DATA for a shard outside of its folder.
 * @example const weights = loadWeights('resnet50.safetensors', { map: torchvision.resnet50 });
 */
export function loadWeights(paths: string | readonly string[], options: LoadWeightsOptions = {}): WeightSet {
  const list = typeof paths === 'string' ? [paths] : paths;
  const sets = list.map((path) => open(resolve(path), path));
  const set = sets.length === 1 ? sets[0]! : merged(list, sets);
  return options.map === undefined ? set : mapNames(set, options.map);
}

function open(path: string, given: string): WeightSet {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    const name = usual.find((candidate) => existsSync(join(path, candidate)));
    if (name === undefined)
      throw new MillraceError('MODEL_READ', 'is a folder without weights', {
        at: given,
        expected: usual.join(' or '),
      });
    return open(join(path, name), join(given, name));
  }
  if (/\.safetensors$/i.test(path)) return readSafetensors(path);
  if (/\.safetensors\.index\.json$/i.test(path)) return readSharded(path);
  if (/\.npz$/i.test(path)) return readNpz(path);
  if (/\.npy$/i.test(path)) return weightSet(new Map([[basename(path).slice(0, -4), npyRecipe(path)]]));
  throw new MillraceError('MODEL_UNSUPPORTED', 'is no file of weights that can be read', {
    at: given,
    expected: '.safetensors, .safetensors.index.json, .npz or .npy',
    ...(/\.(bin|pt|pth|ckpt|pkl)$/i.test(path)
      ? { hint: 'A pickle is a program; save the weights as safetensors where you made it.' }
      : {}),
  });
}

function merged(paths: readonly string[], sets: readonly WeightSet[]): WeightSet {
  const owners = new Map<string, number>();
  const twice: string[] = [];
  for (const [i, set] of sets.entries())
    for (const name of set.names()) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, i);
      else twice.push(`${name} (${paths[owner]}, ${paths[i]})`);
    }
  if (twice.length > 0)
    throw new MillraceError('MODEL_INVALID', 'tensors are in two files', {
      got: `${twice.slice(0, 10).join(', ')}${twice.length > 10 ? `, ${twice.length - 10} more` : ''}`,
    });
  return {
    names: () => owners.keys(),
    get: (name) => {
      const owner = owners.get(name);
      return owner === undefined ? undefined : sets[owner]!.get(name);
    },
  };
}
