/**
 * Imports mutations of models, each to the end: a graph, or a typed error. Says how they ended, the longest of them, and
 * what the process came to hold.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peakRss } from '../../cli/memory.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { codeOf } from '../faults/fuzz/fuzzer.ts';
import { mutateBytes, mutateValue } from '../faults/fuzz/mutate.ts';
import { models } from '../faults/fuzz/onnx-models.ts';
import { Random } from '../support/random.ts';
import { modelBytes, shared } from './make-model.ts';

const [folder = '', cases = '0', seed = '1'] = process.argv.slice(2);
const largest = 200 * 1024;

/** Small models made by others, where they are there. */
const foreign = (): Uint8Array[] => {
  const root = join(shared, 'onnx/models');
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .map((name) => join(root, name, 'model.onnx'))
    .filter((path) => existsSync(path) && statSync(path).size <= largest)
    .map((path) => readFileSync(path));
};

const random = new Random(Number(seed));
const own = Object.values(models);
const others = foreign();
const path = join(folder, 'model.onnx');
const ended: Record<string, number> = {};
const untyped: string[] = [];
let longestMs = 0;

function mutation(): Uint8Array {
  const which = random.integer(0, own.length + others.length - 1);
  const parts = own[which]?.();
  if (parts === undefined) return mutateBytes(others[which - own.length]!, random);
  const before = modelBytes(parts);
  if (random.chance(0.3)) return mutateBytes(before, random);
  mutateValue(parts, random);
  try {
    return modelBytes(parts);
  } catch {
    return mutateBytes(before, random);
  }
}

for (let i = 0; i < Number(cases); i++) {
  writeFileSync(path, mutation());
  const started = performance.now();
  let how = 'imported';
  try {
    await importOnnx(path);
  } catch (error) {
    try {
      how = codeOf(error);
    } catch (bare) {
      how = 'untyped';
      untyped.push(`${i}: ${bare instanceof Error ? bare.stack : String(bare)}`);
    }
  }
  ended[how] = (ended[how] ?? 0) + 1;
  longestMs = Math.max(longestMs, performance.now() - started);
}
process.stdout.write(JSON.stringify({ ended, untyped, longestMs, peakRssBytes: peakRss() }));
