/**
 * A model in several safetensors files: `model.safetensors.index.json` says which file has which tensor.
 *
 *   { "metadata": {"total_size": 5}, "weight_map": {"fc.weight": "model-00001-of-00002.safetensors"} }
 *
 * The index comes with the model, so what it names is not trusted: a shard is a file beside the index. A link may lead
 * elsewhere only as the cache of the Hugging Face hub has it (`snapshots/<revision>/<file>` to `blobs/<hash>`).
 * Source: huggingface.co/docs/safetensors, "sharded" checkpoints as written by huggingface_hub.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { MillraceError } from '../../../runtime/error.ts';
import { readSafetensors } from './safetensors.ts';
import { type Json, parseStrictJson } from './strict-json.ts';
import type { WeightSet } from './weight-set.ts';
import { withWeightsFile } from './weights-file.ts';

const MAX_INDEX = 100_000_000;

export function readSharded(path: string): WeightSet {
  const map = readIndex(path);
  const shards = new Map([...new Set(map.values())].map((shard) => [shard, openShard(path, shard)]));
  const present = new Map([...shards].map(([shard, set]) => [shard, new Set(set.names())]));
  const wrong: string[] = [];
  for (const [name, shard] of map)
    if (!present.get(shard)!.delete(name)) wrong.push(`${name} is not in ${shard}`);
  for (const [shard, names] of present)
    for (const name of names) wrong.push(`${name} of ${shard} is not in the index`);
  if (wrong.length > 0)
    throw new MillraceError('MODEL_INVALID', 'does not agree with its files', {
      at: path,
      got: `${wrong.slice(0, 10).join('; ')}${wrong.length > 10 ? `; ${wrong.length - 10} more` : ''}`,
    });
  const get = (name: string) => {
    const shard = map.get(name);
    return shard === undefined ? undefined : shards.get(shard)!.get(name);
  };
  return { names: () => map.keys(), get };
}

/** File by tensor. */
function readIndex(path: string): ReadonlyMap<string, string> {
  return withWeightsFile(path, (file) => {
    if (file.size > MAX_INDEX)
      throw file.invalid('is too large for an index', {
        expected: `at most ${MAX_INDEX} bytes`,
        got: `${file.size}`,
      });
    let index: Json;
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(file.bytes(0, file.size));
      index = parseStrictJson(text);
    } catch (cause) {
      if (cause instanceof MillraceError) throw cause;
      throw file.invalid('is not valid JSON', {
        got: cause instanceof Error ? cause.message : String(cause),
      });
    }
    const map = index instanceof Map ? index.get('weight_map') : undefined;
    if (!(map instanceof Map)) throw file.invalid('has no weight_map', { expected: 'file by tensor' });
    const checked = new Map<string, string>();
    for (const [name, shard] of map) {
      if (typeof shard !== 'string' || !isPlainName(shard))
        throw file.invalid(`puts tensor ${JSON.stringify(name)} in no file of its folder`, {
          expected: 'the name of a .safetensors file beside the index',
          got: JSON.stringify(shard),
        });
      checked.set(name, shard);
    }
    return checked;
  });
}

/** A name that means the same file on every system: no folder, no drive, no stream. */
const isPlainName = (name: string): boolean =>
  /\.safetensors$/i.test(name) && !/[/\\:]/.test(name) && !name.includes('\0') && !name.startsWith('.');

function openShard(index: string, name: string): WeightSet {
  const folder = dirname(index);
  const path = join(folder, name);
  let real: string;
  let home: string;
  try {
    real = realpathSync(path);
    home = realpathSync(folder);
  } catch (cause) {
    throw new MillraceError('MODEL_READ', 'a file that the index names is missing', {
      at: index,
      got: name,
      hint: 'Download all files of the model into one folder.',
      cause,
    });
  }
  const inCache = basename(dirname(home)) === 'snapshots' ? join(dirname(dirname(home)), 'blobs') : null;
  const within = (parent: string) => real.startsWith(parent + sep);
  if (!within(home) && (inCache === null || !within(inCache)))
    throw new MillraceError('MODEL_EXTERNAL_DATA', 'a file that the index names is a link to elsewhere', {
      at: index,
      expected: `a file in ${home}`,
      got: `${name} is ${real}`,
    });
  return readSafetensors(path);
}
