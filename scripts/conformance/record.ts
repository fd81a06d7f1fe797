/**
 * The recorded result: a line a case, `+` passed, `-` failed, `o` out of scope, with the code of the reason. A case that
 * has passed must pass; one that begins to is recorded anew. Below them is a line an op, which the documentation shows.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { byOp, type OpResult, opLine, parseOps } from './by-op.ts';
import type { ListedCase } from './read-case.ts';
import type { CaseResult, Status } from './run-case.ts';

const file = new URL('../../test/onnx/conformance.txt', import.meta.url);

const marks = { passed: '+', failed: '-', scope: 'o' } as const satisfies Record<Status, string>;
const statuses = new Map(Object.entries(marks).map(([status, mark]) => [mark as string, status as Status]));

/** `MODEL_UNSUPPORTED`, `MISMATCH`, …: the first word of a reason. */
export const codeOf = ({ reason }: CaseResult): string => reason.split(' ', 1)[0] ?? '';

export const recordText = (results: readonly CaseResult[]): string =>
  results
    .map((one) => `${marks[one.status]} ${one.name}${one.status === 'failed' ? ` ${codeOf(one)}` : ''}\n`)
    .join('');

export const parseRecord = (text: string): Map<string, Status> =>
  new Map(
    text
      .split('\n')
      .filter((line) => /^[+o-] /.test(line))
      .map((line): [string, Status] => {
        const [mark = '', name = ''] = line.split(' ');
        return [name, statuses.get(mark) ?? 'failed'];
      }),
  );

export const readRecord = (): Map<string, Status> => parseRecord(readFileSync(file, 'utf8'));

/** By op, for the documentation. */
export const readOps = (): Map<string, OpResult> => parseOps(readFileSync(file, 'utf8'));

export const writeRecord = (listed: readonly ListedCase[], results: readonly CaseResult[]): void =>
  writeFileSync(file, recordText(results) + byOp(listed, results).map(opLine).join(''));

/** Cases that were recorded as passed, among those that ran, and do no more. */
export const lost = (results: readonly CaseResult[], recorded: ReadonlyMap<string, Status>): CaseResult[] =>
  results.filter(({ name, status }) => recorded.get(name) === 'passed' && status !== 'passed');
