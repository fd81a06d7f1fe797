/**
 * A search that coverage leads: an input that makes a reader run what never ran before is kept, and altered next.
 * Started by `guided.ts` as a process of its own:
 *
 *   search.ts <reader> <seed> <milliseconds> <folder> <corpus>
 *
 * `folder/current.bin` is the input at hand, for whoever finds the process dead or hanging. Sends each input that is kept.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../support/random.ts';
import { mutateBytes } from '../fuzz/mutate.ts';
import { Coverage } from './coverage.ts';
import { readers } from './readers.ts';

export interface Kept {
  readonly kept: string;
}
export interface Finished {
  readonly cases: number;
  readonly finding?: string;
}

/** An input that takes longer is a finding. */
const SLOW_MS = 5000;
/** Longer inputs find nothing that shorter ones do not. */
const LONGEST = 8192;

const [name, seed, milliseconds, folder, corpusFolder] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const { modules, honest, read } = readers[name]!;
const random = new Random(Number(seed));
const current = join(folder, 'current.bin');

const corpus = [
  ...honest(),
  ...(existsSync(corpusFolder) ? readdirSync(corpusFolder) : [])
    .sort()
    .map((file) => readFileSync(join(corpusFolder, file))),
];
const coverage = new Coverage(modules);
for (const bytes of corpus) await read(bytes, folder);
coverage.grew();

/** One of the corpus, altered, or with the end of another. */
function altered(): Uint8Array {
  // Half of the time one of the newest.
  const recent = random.chance(0.5) ? corpus.slice(-16) : corpus;
  const bytes = mutateBytes(random.pick(recent), random);
  if (!random.chance(0.15)) return bytes;
  const other = random.pick(corpus);
  const head = bytes.subarray(0, random.integer(0, bytes.length));
  return Buffer.concat([head, other.subarray(random.integer(0, other.length))]);
}

async function search(): Promise<Finished> {
  const end = Date.now() + Number(milliseconds);
  for (let cases = 0; ; cases++) {
    const started = Date.now();
    if (started > end) return { cases };
    const bytes = altered().subarray(0, LONGEST);
    writeFileSync(current, bytes);
    try {
      await read(bytes, folder);
    } catch (error) {
      return { cases, finding: String((error as Error)?.stack ?? error) };
    }
    const took = Date.now() - started;
    if (took > SLOW_MS) return { cases, finding: `takes ${took} ms` };
    if (!coverage.grew()) continue;
    corpus.push(bytes);
    process.send!({ kept: Buffer.from(bytes).toString('base64') } satisfies Kept);
  }
}
process.send!(await search());
process.disconnect();
