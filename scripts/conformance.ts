/**
 * `npm run conformance`: the cases of `../shared/onnx/cases` that another runtime reproduces, through the compiler and
 * the runtime. Says what passed, what failed and why, and what is out of scope.
 *
 *   --only REGEX   cases whose name or ops match
 *   --all          also cases that the other runtime does not reproduce
 *   --json FILE    every result, as JSON
 *   --check        fails if a case that is recorded as passed does not pass
 *   --record       writes the record and the page of ops anew (not with --only or --all)
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runAll } from './conformance/pool.ts';
import { listCases } from './conformance/read-case.ts';
import { lost, readRecord, writeRecord } from './conformance/record.ts';
import type { Status } from './conformance/run-case.ts';
import { writePage } from './op-table.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    all: { type: 'boolean', default: false },
    json: { type: 'string' },
    check: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});
const partial = values.only !== undefined || values.all;
if (values.record && partial) throw new Error('--record is for all cases that are reproduced');

const folder = fileURLToPath(new URL('../../shared/onnx/cases', import.meta.url));
const wanted = new RegExp(values.only ?? '');
const cases = listCases(folder)
  .filter(({ reproduced }) => values.all || reproduced)
  .filter(
    ({ name, ops }) => wanted.test(name) || (values.only !== undefined && ops.some((op) => wanted.test(op))),
  );
const jobs = cases.map(({ name }) => ({ name, folder: `${folder}/${name}` }));
const results = await runAll(jobs, (_, done) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${jobs.length}`);
});
if (process.stderr.isTTY) process.stderr.write('\r');

const print = (line: string): void => void process.stdout.write(`${line}\n`);
for (const { name, status, reason } of results) if (status === 'failed') print(`${name}: ${reason}`);
const count = (status: Status): number => results.filter((one) => one.status === status).length;
const [passed, failed] = [count('passed'), count('failed')];
const share = ((100 * passed) / Math.max(1, passed + failed)).toFixed(1);
print(`${passed} passed, ${failed} failed, ${count('scope')} out of scope: ${share} % of those in scope`);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, null, 1));
if (values.record) {
  writeRecord(cases, results);
  writePage();
}
if (values.check) {
  const gone = lost(results, readRecord());
  for (const { name, reason } of gone) print(`no longer passes: ${name}: ${reason}`);
  if (gone.length > 0) process.exitCode = 1;
}
