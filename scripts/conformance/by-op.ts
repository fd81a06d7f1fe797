/** What the cases say of each op: opsets that were run, how it runs, and how many cases pass. */
import type { ListedCase } from './read-case.ts';
import type { CaseResult, How } from './run-case.ts';

export interface OpResult {
  readonly op: string;
  /** Least and greatest of the passed cases; 0 where none has passed. */
  readonly opsets: readonly [first: number, last: number];
  /** Of cases that have this op and no other. */
  readonly how: readonly How[];
  readonly passed: number;
  /** Cases in scope. */
  readonly cases: number;
}

export function byOp(listed: readonly ListedCase[], results: readonly CaseResult[]): OpResult[] {
  const found = new Map<string, { opsets: number[]; how: Set<How>; passed: number; cases: number }>();
  const byName = new Map(results.map((one) => [one.name, one]));
  for (const { name, ops, opset } of listed) {
    const result = byName.get(name);
    if (result === undefined || result.status === 'scope') continue;
    for (const op of new Set(ops)) {
      const entry = found.get(op) ?? { opsets: [], how: new Set(), passed: 0, cases: 0 };
      found.set(op, entry);
      entry.cases++;
      if (result.status !== 'passed') continue;
      entry.passed++;
      if (opset > 0) entry.opsets.push(opset);
      if (result.how !== undefined && ops.length === 1) entry.how.add(result.how);
    }
  }
  return [...found]
    .map(([op, { opsets, how, passed, cases }]): OpResult => {
      const range: [number, number] = opsets.length > 0 ? [Math.min(...opsets), Math.max(...opsets)] : [0, 0];
      return { op, opsets: range, how: [...how].sort(), passed, cases };
    })
    .sort((a, b) => (a.op < b.op ? -1 : 1));
}

/** A line of the record: `op Abs 13-13 kernel 1/1`. */
export const opLine = ({ op, opsets, how, passed, cases }: OpResult): string =>
  `op ${op} ${opsets.join('-')} ${how.join('+') || '-'} ${passed}/${cases}\n`;

export const parseOps = (text: string): Map<string, OpResult> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line.startsWith('op '))
      .map((line): [string, OpResult] => {
        const [, op = '', opsets = '', how = '', counts = ''] = line.split(' ');
        const [first = 0, last = 0] = opsets.split('-').map(Number);
        const [passed = 0, cases = 0] = counts.split('/').map(Number);
        const ways = how === '-' ? [] : (how.split('+') as How[]);
        return [op, { op, opsets: [first, last], how: ways, passed, cases }];
      }),
  );
