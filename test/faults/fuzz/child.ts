/** Runs the cases that its parent names, one at a time, and says how each ended. See pool.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Random } from '../../support/random.ts';
import { type Fuzzer, WrongResult } from './fuzzer.ts';
import { targets } from './index.ts';
import type { Answer, Question } from './pool.ts';

const folder = process.argv[2]!;
const made = new Map<string, Promise<Fuzzer>>();

function fuzzerOf(target: string): Promise<Fuzzer> {
  const fuzzer = made.get(target) ?? targets[target]!.make(folder);
  made.set(target, fuzzer);
  return fuzzer;
}

/** Beside what is planned: engine, code, decoded files, garbage that waits. */
const GROWTH_LIMIT = 60 * 2 ** 20;

const statusBytes = (field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) *
  1024;

/** Forgets the peak so far, on Linux; elsewhere growth is not measured. */
function memoryNow(): number | null {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return statusBytes('VmRSS');
  } catch {
    return null;
  }
}

async function answer({ target, seed, index }: Question): Promise<Answer> {
  const fuzzer = await fuzzerOf(target);
  if (index < 0) {
    await fuzzer.honest();
    return { index, how: 'ran' };
  }
  const before = memoryNow();
  const { how, plannedBytes } = await fuzzer.mutated(new Random(seed + index * 7919));
  const growth = before === null ? 0 : statusBytes('VmHWM') - before - plannedBytes;
  if (growth > GROWTH_LIMIT)
    return { index, finding: 'growth', detail: `${how}, ${Math.round(growth / 2 ** 20)} MiB` };
  return { index, how };
}

process.on('message', (question: Question) => {
  answer(question)
    .catch((error: unknown): Answer => {
      const finding = error instanceof WrongResult ? 'wrong' : 'untyped';
      return { index: question.index, finding, detail: String((error as Error)?.stack ?? error) };
    })
    .then((said) => process.send!(said));
});
process.send!({ index: -2, how: 'ready' } satisfies Answer);
