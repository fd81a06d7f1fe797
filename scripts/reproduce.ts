/**
 * `npm run reproduce`: the papers' tables beside ours. Fails where a cell that is exactly reproducible differs. With
 * `-- --segments`, `--joint`, `--arenas` it prints what goes beyond them, and takes longer; fails where a bound is missed.
 */
import { parseArgs } from 'node:util';
import { arenas } from './reproduce/arenas.ts';
import { demandLayering } from './reproduce/demand-layering.ts';
import { joint } from './reproduce/joint.ts';
import { lstm } from './reproduce/lstm.ts';
import { memomalloc } from './reproduce/memomalloc.ts';
import { minimalloc } from './reproduce/minimalloc.ts';
import { segments } from './reproduce/segments.ts';
import { differences, print, type Table } from './reproduce/table.ts';
import { tflite } from './reproduce/tflite.ts';

type Make = () => Table | null | Promise<Table | null>;

const papers: readonly (readonly [string, Make])[] = [
  ['Demand Layering', demandLayering],
  ['LSTM cell', lstm],
  ['MemoMalloc', memomalloc],
  ['Pisarchyk & Lee', tflite],
  ['MiniMalloc', minimalloc],
];

const beyond: Readonly<Record<'segments' | 'joint' | 'arenas', readonly [string, Make]>> = {
  segments: ['Segments in the place of layers', segments],
  joint: ['One plan against two pools', joint],
  arenas: ['Arenas', arenas],
};

const { values: wanted } = parseArgs({
  options: { segments: { type: 'boolean' }, joint: { type: 'boolean' }, arenas: { type: 'boolean' } },
});
const asked = (['segments', 'joint', 'arenas'] as const).filter((name) => wanted[name]);
const tables = asked.length > 0 ? asked.map((name) => beyond[name]) : papers;

const wrong: string[] = [];
for (const [name, make] of tables) {
  const table = await make();
  if (table === null) {
    process.stdout.write(`${name}: left out, its instances aren't beside this checkout\n\n`);
    continue;
  }
  process.stdout.write(`${print(table)}\n`);
  wrong.push(...differences(table));
}
if (wrong.length > 0) {
  process.stderr.write(`${wrong.length} cells differ\n${wrong.map((line) => `  ${line}\n`).join('')}`);
  process.exitCode = 1;
}
