/** `npm run reproduce`: the papers' tables beside ours. Fails where a cell that is exactly reproducible differs. */
import { demandLayering } from './reproduce/demand-layering.ts';
import { lstm } from './reproduce/lstm.ts';
import { memomalloc } from './reproduce/memomalloc.ts';
import { minimalloc } from './reproduce/minimalloc.ts';
import { differences, print, type Table } from './reproduce/table.ts';
import { tflite } from './reproduce/tflite.ts';

const tables: readonly (readonly [string, () => Table | null])[] = [
  ['Demand Layering', demandLayering],
  ['LSTM cell', lstm],
  ['MemoMalloc', memomalloc],
  ['Pisarchyk & Lee', tflite],
  ['MiniMalloc', minimalloc],
];

const wrong: string[] = [];
for (const [name, make] of tables) {
  const table = make();
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
