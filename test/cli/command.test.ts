/** What all commands have in common: help, exit codes, and that mistakes are named. */
import assert from 'node:assert/strict';
import { millrace } from '../support/command.ts';

const names = ['compile', 'run', 'bench', 'inspect', 'plan', 'export', 'conformance'];

describe('millrace', () => {
  it('lists its commands', async () => {
    const { code, stdout, stderr } = await millrace(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    for (const name of names) assert.match(stdout, new RegExp(`^ {2}${name} {2}`, 'm'));
    assert.equal((await millrace([])).code, 2);
  });

  for (const name of names)
    it(`${name} has help with an example, and refuses what it does not know`, async () => {
      const help = await millrace([name, '--help']);
      assert.deepEqual([help.code, help.stderr], [0, '']);
      assert.match(help.stdout, new RegExp(`^examples?\\n {2}millrace ${name} `, 'm'));
      const wrong = [[], ['a', 'b'], ['a', '--nonsense']];
      await Promise.all(
        wrong.map(async (args) => {
          const { code, stdout, stderr } = await millrace([name, ...args]);
          assert.deepEqual([code, stdout], [2, ''], args.join(' '));
          assert.ok(stderr.includes(help.stdout), 'a usage error shows the help');
        }),
      );
    });

  it('refuses commands it does not have', async () => {
    for (const name of ['nonsense', 'toString', '__proto__']) {
      const { code, stderr } = await millrace([name]);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`there is no command "${name}"`));
    }
  });
});
