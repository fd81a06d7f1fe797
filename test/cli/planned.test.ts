/** What every command prints as planned memory is what the model holds: the printed text works as a budget. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseSize, shortSize } from '../../runtime/size.ts';
import { type Folder, millrace, millraceJson, temporaryFolder } from '../support/command.ts';

const MODEL = `
import { defineModel, conv2d, relu, tensor } from 'millrace';
export default defineModel('tower', { x: tensor('float32', [1, 24, 24, 8]) }, ({ x }) => {
  let y = x;
  for (let i = 0; i < 12; i++) y = relu(conv2d(y, { filters: 100, kernel: 3, padding: 'same' }));
  return { y };
});
`;

interface Plan {
  readonly name: string;
  readonly peakBytes: number;
  readonly arenaBytes: number;
}

const SIZE = /[\d.]+ [KMG]iB/;

describe('planned memory', () => {
  let folder: Folder;
  let bundle: string;
  let model: string;
  let plans: readonly Plan[];
  before(async () => {
    folder = temporaryFolder();
    bundle = folder.at('bundle');
    model = folder.at('tower.mjs');
    writeFileSync(model, MODEL);
    ({ plans } = await millraceJson<{ plans: readonly Plan[] }>(['compile', model, '-o', bundle]));
    assert.ok(plans.length >= 3);
  });
  after(() => folder.remove());

  const text = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await millrace(args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  /** The plan that a run takes with this budget. */
  const planFor = async (budget: string, ...more: string[]): Promise<Plan> =>
    (await millraceJson<{ plan: Plan }>(['run', bundle, '--budget', budget, ...more])).plan;
  /** The size that each of these lines shows admits the plan that it names, and no other. */
  const admits = async (lines: readonly string[]): Promise<void> => {
    for (const { name } of plans) {
      const line = lines.find((one) => new RegExp(`\\b${name}\\b`).test(one));
      assert.ok(line, `${name} in ${lines.join('\n')}`);
      const size = SIZE.exec(line)![0];
      assert.equal((await planFor(size)).name, name, `${size} of: ${line}`);
    }
  };

  it('of compile, and a bundle for that budget is compiled', async () => {
    const table = await text('compile', model, '-o', folder.at('again'));
    await admits(table.split('\n').filter((line) => line.includes('MiB')));
    const least = SIZE.exec(/^smallest .*/m.exec(table)![0])![0];
    assert.match(await text('compile', model, '-o', folder.at('least'), '--budget', least), /^budget/m);
  });

  it('of inspect, as text, JSON and a page', async () => {
    await admits((await text('inspect', bundle)).split('\n').filter((line) => line.startsWith('plan ')));
    const manifest = await millraceJson<{ plans: readonly Plan[]; fixedBytes: number }>(['inspect', bundle]);
    for (const [i, { peakBytes, arenaBytes }] of manifest.plans.entries()) {
      assert.equal(peakBytes, plans[i]!.peakBytes);
      assert.equal(peakBytes, arenaBytes + manifest.fixedBytes);
    }
    const page = folder.at('page.html');
    await text('inspect', bundle, '--html', page);
    const titles = readFileSync(page, 'utf8').match(/Plan “[^<]*/g)!;
    await admits(titles);
    assert.match(readFileSync(page, 'utf8'), new RegExp(`>${shortSize(plans[0]!.peakBytes)} held for`));
  });

  it('of plan, as text, JSON and a page', async () => {
    const page = folder.at('plans.html');
    const table = await text('plan', bundle, '--html', page);
    await admits(table.split('\n').filter((line) => line.includes('%')));
    for (const path of [bundle, model]) {
      const planned = await millraceJson<{ plans: readonly Plan[] }>(['plan', path]);
      assert.deepEqual(
        planned.plans.map(({ peakBytes }) => peakBytes),
        plans.map(({ peakBytes }) => peakBytes),
      );
    }
    for (const { peakBytes } of plans) assert.ok(readFileSync(page, 'utf8').includes(shortSize(peakBytes)));
  });

  it('of run and bench, with weights mapped or not', async () => {
    for (const { name, peakBytes } of plans) {
      const planned = /planned ([\d.]+ [KMG]iB)/.exec(await text('run', bundle, '--budget', `${peakBytes}`));
      assert.equal((await planFor(planned![1]!)).name, name);
      const rows = await text('bench', bundle, '--runs', '1', '--warmup', '1', '--budget', planned![1]!);
      const row = rows.split('\n').find((line) => line.includes(name))!;
      assert.equal((await planFor(SIZE.exec(row)![0])).name, name);
    }
    const mapped = /planned ([\d.]+ [KMG]iB)/.exec(await text('run', bundle, '--mode', 'mmap'))![1]!;
    const { peakBytes } = await planFor(mapped, '--mode', 'mmap');
    assert.equal(shortSize(peakBytes), mapped);
  });

  it('is rounded up, whatever the size', () => {
    for (const scale of [1024, 2 ** 20, 2 ** 30])
      for (let n = 0; n < 3000; n++) {
        const bytes = Math.ceil((scale * (100 + n * 7)) / 100) + (n % 3) - 1;
        const printed = parseSize(shortSize(bytes), 'budget');
        assert.ok(printed >= bytes && printed - bytes <= Math.max(scale, 2 ** 10) / 50, `${bytes}`);
      }
  });
});
