/** `millrace plan lifetimes.csv`: placements, exit codes and refusals, as a user meets them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { readLifetimes } from '../../compiler/memory/csv.ts';
import { planners } from '../../compiler/memory/planners.ts';
import { verifyPlacement } from '../../compiler/memory/verify-placement.ts';
import { type Folder, millrace, millraceJson, temporaryFolder } from '../support/command.ts';

/** MiniMalloc's own example: 12 is the least. */
const EXAMPLE = 'id,lower,upper,size\nb1,0,3,4\nb2,3,9,4\nb3,0,9,4\nb4,9,21,4\nb5,0,21,4\n';

interface Report {
  readonly planner: string;
  readonly peakBytes: number;
  readonly lowerBoundBytes: number;
  readonly capacity?: number;
  readonly optimal: boolean;
  readonly milliseconds: number;
  readonly placements: readonly { readonly id: string; readonly offset: number }[];
  readonly planners?: readonly { readonly planner: string; readonly peakBytes: number }[];
}

describe('millrace plan lifetimes.csv', () => {
  let folder: Folder;
  let file: string;
  before(() => {
    folder = temporaryFolder();
    file = folder.at('lifetimes.csv');
    writeFileSync(file, EXAMPLE);
  });
  after(() => folder.remove());

  const check = ({ placements, peakBytes }: Report): void => {
    const { intervals, names } = readLifetimes(EXAMPLE, 'example');
    assert.deepEqual(
      placements.map(({ id }) => id),
      names,
    );
    assert.equal(
      verifyPlacement(intervals, new Map(placements.map(({ offset }, n) => [n, offset]))),
      peakBytes,
    );
  };

  it('finds the least, within the capacity', async () => {
    const report = await millraceJson<Report>(['plan', file, '--capacity', '12']);
    check(report);
    assert.deepEqual(
      [report.peakBytes, report.lowerBoundBytes, report.capacity, report.optimal],
      [12, 12, 12, true],
    );
    const text = await millrace(['plan', file]);
    assert.equal(text.code, 0);
    assert.match(text.stdout, /^5 intervals → .*12 bytes.*optimal/);
  });

  it('runs one planner, or all of them', async () => {
    const naive = await millraceJson<Report>(['plan', file, '--planner', 'naive']);
    check(naive);
    assert.deepEqual([naive.planner, naive.peakBytes, naive.optimal], ['naive', 20, false]);
    const all = await millraceJson<Report>(['plan', file, '--planner', 'all']);
    check(all);
    assert.equal(all.peakBytes, 12);
    assert.deepEqual(
      all.planners!.map(({ planner }) => planner),
      Object.keys(planners),
    );
  });

  it('writes the table with offsets', async () => {
    const output = folder.at('placed.csv');
    const report = await millraceJson<Report>(['plan', file, '--output', output]);
    const rows = readFileSync(output, 'utf8').trim().split('\n');
    assert.equal(rows[0], 'id,lower,upper,size,offset');
    assert.deepEqual(
      rows.slice(1).map((row) => Number(row.split(',')[4])),
      report.placements.map(({ offset }) => offset),
    );
  });

  it('fails below the lower bound, naming the time that proves it', async () => {
    const { code, stdout, stderr } = await millrace(['plan', file, '--capacity', '11', '--json']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /BUDGET[\s\S]*at least 12: at time 0, 3 intervals/);
  });

  it('fails if the planner asked for finds none within the capacity, and shows what it found', async () => {
    const { code, stdout, stderr } = await millrace([
      'plan',
      file,
      '--planner',
      'naive',
      '--capacity',
      '12',
      '--json',
    ]);
    assert.equal(code, 1);
    assert.equal((JSON.parse(stdout) as Report).peakBytes, 20);
    assert.match(stderr, /no placement within 12 found; the best is 20/);
  });

  it('refuses what it cannot read', async () => {
    const bad = folder.at('bad.csv');
    writeFileSync(bad, `${EXAMPLE}b6,4,2,1\n`);
    const reversed = await millrace(['plan', bad]);
    assert.equal(reversed.code, 1);
    assert.match(reversed.stderr, /MODEL_INVALID: .*bad\.csv:7: ends before it begins/);
    assert.equal((await millrace(['plan', folder.at('none.csv')])).code, 1);
    for (const args of [
      ['plan', file, '--planner', 'magic'],
      ['plan', file, '--timeout', '-1'],
      ['plan', file, '--capacity', 'much'],
    ]) {
      assert.equal((await millrace(args)).code, 2, args.join(' '));
    }
  });
});
