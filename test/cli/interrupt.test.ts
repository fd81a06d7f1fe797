/** What is written for a while only is gone after an interrupt, and the process ends by the signal it was sent. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { withTemporary, withTemporaryFolder } from '../../cli/interrupt.ts';
import { commandFile, type Folder, temporaryFolder } from '../support/command.ts';

describe('an interrupt', () => {
  let folder: Folder;
  before(() => {
    folder = temporaryFolder();
  });
  after(() => folder.remove());

  it('of calibrate leaves none of the bundles it times', async () => {
    const place = folder.at('place');
    mkdirSync(place);
    const child = spawn(
      process.execPath,
      [commandFile, 'calibrate', '-o', `${place}/profile.json`, '--engine', 'wasm', '--source', 'file'],
      { stdio: 'ignore' },
    );
    const closed = once(child, 'close');
    const files = (): string[] => readdirSync(place, { recursive: true, encoding: 'utf8' });
    while (child.exitCode === null && !files().some((name) => /calibrate-.*manifest\.bin$/.test(name)))
      await new Promise((wait) => setTimeout(wait, 20));
    child.kill('SIGTERM');
    await closed;
    assert.equal(child.signalCode, 'SIGTERM');
    assert.deepEqual(files(), []);
  }).timeout(60_000);

  it('is listened for as long as something is there', async () => {
    const listeners = (): number => process.listenerCount('SIGINT');
    const before = listeners();
    const within = await withTemporaryFolder(folder.at('some-'), async (outer) =>
      withTemporary(`${outer}/inner`, async () => {
        mkdirSync(`${outer}/inner`);
        assert.equal(listeners(), before + 2);
        return outer;
      }),
    );
    assert.ok(within.startsWith(folder.at('some-')));
    assert.equal(listeners(), before);
    await assert.rejects(
      withTemporaryFolder(folder.at('other-'), () => Promise.reject(new Error('inside'))),
      /inside/,
    );
    assert.equal(listeners(), before);
    assert.ok(!readdirSync(folder.at('.')).some((name) => /^(some|other)-/.test(name)));
  });
});
