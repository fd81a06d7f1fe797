/**
 * Guided searches of the readers, twenty seconds each in a whole campaign. What they keep is the corpus in
 * `test/faults/corpus`, which `--keep` adds to, and which the suite reads again every time.
 */
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import type { Scenario } from '../life/scenario.ts';
import { readers } from './readers.ts';
import type { Finished, Kept } from './search.ts';

const MILLISECONDS = 20_000;
/** Beside the time it was given: to start, and to end an input that hangs. */
const GRACE = 30_000;

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const corpusOf = (reader: string): string => at(`../corpus/${reader}`);

interface Search extends Finished {
  readonly kept: readonly Uint8Array[];
}

function searched(reader: string, seed: number, milliseconds: number, folder: string): Promise<Search> {
  const args = [reader, String(seed), String(milliseconds), folder, corpusOf(reader)];
  const child = fork(at('search.ts'), args, { execArgv: ['--import=tsx'] });
  const kept: Uint8Array[] = [];
  let finished: Finished | undefined;
  child.on('message', (message: Kept | Finished) => {
    if ('kept' in message) kept.push(Buffer.from(message.kept, 'base64'));
    else finished = message;
  });
  const alarm = setTimeout(() => child.kill('SIGKILL'), milliseconds + GRACE);
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      clearTimeout(alarm);
      const died = `ended with ${signal ?? `code ${code}`}, or hung`;
      resolve({ ...(finished ?? { cases: 0, finding: died }), kept });
    });
  });
}

export const guided: Scenario = async ({ seed, scale, keep = false }) => {
  const said: string[] = [];
  const found: string[] = [];
  for (const reader of Object.keys(readers)) {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-guided-'));
    try {
      const { cases, kept, finding } = await searched(reader, seed, MILLISECONDS * scale, folder);
      said.push(`${reader}: ${cases} inputs, ${kept.length} went a new way`);
      if (finding !== undefined) {
        const input = readFileSync(join(folder, 'current.bin')).toString('base64');
        found.push(`${reader}: ${finding}\n  input, base64: ${input.slice(0, 2000)}`);
      }
      if (!keep) continue;
      mkdirSync(corpusOf(reader), { recursive: true });
      for (const bytes of kept)
        writeFileSync(join(corpusOf(reader), crc32(bytes).toString(16).padStart(8, '0')), bytes);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  if (found.length > 0) throw new Error(found.join('\n'));
  return { said: said.join('; ') };
};
