/** `compile` says how far it is, and stops where it is told to; nothing is left behind. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { compile, type Progress, type Stage } from 'millrace';
import { resnet50 } from '../../examples/zoo/resnet.ts';
import { type Folder, temporaryFolder } from '../support/command.ts';
import { networks } from '../support/networks.ts';

const stages: readonly Stage[] = ['passes', 'schedule', 'plan', 'pack'];
const aborted = { code: 'ABORTED' };

describe('progress of a compilation', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());
  const graph = () => networks['residual']!().graph;

  it('names the stages in order, each from its beginning to its end', async () => {
    for (const budget of [undefined, ['1MiB', '2MiB']]) {
      const said: Progress[] = [];
      const bundle = await compile(graph(), {
        onProgress: (progress) => said.push(progress),
        ...(budget === undefined ? {} : { budget }),
      });
      await bundle.write(folder.at('bundle'));
      assert.deepEqual([...new Set(said.map(({ stage }) => stage))], stages);
      for (const name of stages) {
        const fractions = said.filter(({ stage }) => stage === name).map(({ fraction }) => fraction);
        assert.deepEqual(
          fractions,
          [...fractions].sort((a, b) => a - b),
        );
        assert.ok(fractions.every((fraction) => fraction > 0 && fraction <= 1));
        assert.equal(fractions.at(-1), 1);
      }
    }
  });

  it('ends where the signal comes, in every stage, and leaves nothing', async () => {
    for (const name of stages) {
      const abort = new AbortController();
      const made = compile(graph(), {
        signal: abort.signal,
        onProgress: ({ stage }) => {
          if (stage === name) abort.abort(new Error('enough'));
        },
      });
      if (name !== 'pack') await assert.rejects(made, { ...aborted, message: /the compilation was aborted/ });
      else await assert.rejects((await made).write(folder.at('deep/bundle')), aborted);
      assert.deepEqual(readdirSync(folder.path), []);
    }
  });

  it('ends before it begins, and before it writes', async () => {
    const abort = new AbortController();
    const bundle = await compile(graph(), { signal: abort.signal });
    abort.abort();
    await assert.rejects(compile(graph(), { signal: abort.signal }), aborted);
    await assert.rejects(bundle.write(folder.at('bundle')), aborted);
    await assert.rejects(
      bundle.write(folder.at('bundle'), { signal: new AbortController().signal }),
      aborted,
    );
    assert.deepEqual(readdirSync(folder.path), []);
  });

  it('has a signal and a listener of the write alone', async () => {
    const bundle = await compile(graph());
    const said: Progress[] = [];
    await bundle.write(folder.at('bundle'), { onProgress: (progress) => said.push(progress) });
    assert.deepEqual(said.at(-1), { stage: 'pack', fraction: 1 });
    await assert.rejects(bundle.write(folder.at('other'), { signal: AbortSignal.abort() }), aborted);
    assert.deepEqual(readdirSync(folder.path), ['bundle']);
  });

  it('hears a signal that comes from outside while it works', async () => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), 20);
    await assert.rejects(compile(resnet50(), { signal: abort.signal }), aborted);
    clearTimeout(timer);
  });
});
