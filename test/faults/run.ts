/**
 * The campaign: hostile files and faults of the machine, against both engines.
 *
 *   npm run test:faults                          all of it, at most 20 minutes, by a seed of today
 *   npm run test:faults -- --minutes 1           as much as fits
 *   npm run test:faults -- --only kill           all of its 200 kills, where a campaign has 60
 *   npm run test:faults -- --only guided --keep  inputs that went a new way become the corpus
 *   npm run test:faults -- --only onnx --seed 7 --case 4711     one case again
 *
 * Ends with `N passed, N failed, N skipped`: a fuzzer's case or a fault's scenario counts as one.
 */
import { parseArgs } from 'node:util';
import { targets } from './fuzz/index.ts';
import { Pool, type Tally } from './fuzz/pool.ts';
import { scenarios } from './life/index.ts';

const MINUTES = 20;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: String(MINUTES) },
    seed: { type: 'string' },
    only: { type: 'string' },
    case: { type: 'string' },
    keep: { type: 'boolean' },
  },
});
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? Math.floor(Date.now() / 86_400_000) : Number(values.seed);
const chosen = (name: string): boolean => values.only === undefined || values.only === name;
const ends = Date.now() + minutes * 60_000;

const counts = { passed: 0, failed: 0, skipped: 0 };

function tell(name: string, { cases, ended, findings }: Tally): void {
  const how = Object.entries(ended)
    .sort((a, b) => b[1] - a[1])
    .map(([word, count]) => `${count} ${word}`);
  console.log(`fuzz ${name}: ${cases} cases (${how.join(', ')}), ${findings.length} findings`);
  for (const { what, index, detail } of findings)
    console.log(`  ${what} at --only ${name} --seed ${seed} --case ${index}: ${detail.slice(0, 1500)}`);
  // Inputs that do not run unmutated are no cases.
  counts.passed += cases - findings.filter(({ what }) => what !== 'honest').length;
  counts.failed += findings.length;
}

/** Time that a fuzzer may take: its share of what is left, by cases. */
function until(names: readonly string[], name: string): number {
  const rest = names.slice(names.indexOf(name)).reduce((sum, other) => sum + targets[other]!.cases, 0);
  return Date.now() + ((ends - Date.now()) * FUZZ_SHARE * targets[name]!.cases) / rest;
}

/** What is left for scenarios. */
const FUZZ_SHARE = 0.7;

console.log(`seed ${seed}, ${minutes} minutes at most`);
const names = Object.keys(targets).filter(chosen);
const pool = new Pool();
for (const name of names) {
  const whole = values.case === undefined;
  const cases = whole ? Math.ceil(targets[name]!.cases * Math.min(1, minutes / MINUTES)) : 1;
  const first = whole ? 0 : Number(values.case);
  tell(name, await pool.fuzz({ target: name, seed, first, cases, until: () => until(names, name) }));
}
pool.end();
for (const [name, scenario] of Object.entries(scenarios).filter(([name]) => chosen(name))) {
  const started = Date.now();
  const scale = Math.min(1, minutes / MINUTES);
  const alone = values.only !== undefined;
  const result = await scenario({ seed, scale, alone, keep: values.keep }).catch((error: Error) => error);
  if (result instanceof Error) {
    counts.failed++;
    console.log(`fault ${name}: failed\n  ${result.stack}`);
  } else {
    counts[result.skipped === undefined ? 'passed' : 'skipped']++;
    console.log(`fault ${name}: ${result.skipped ?? result.said}, ${Date.now() - started} ms`);
  }
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
if (counts.failed > 0) process.exitCode = 1;
