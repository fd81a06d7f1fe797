/** A compilation over a bundle is killed at a random moment: one whole bundle, and the next write leaves no trace. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clearLeftovers } from '../../../compiler/bundle/leftovers.ts';
import { load } from '../../../runtime/node.ts';
import { Random } from '../../support/random.ts';
import { type Scenario, times } from './scenario.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What is built starts in a tenth of the time. */
const built = at('../../../dist/compiler/index.js');
const compiler = existsSync(built) ? built : at('../../../compiler/index.ts');

/** A child that has compiled. */
const started = (folder: string): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const execArgv = compiler.endsWith('.ts') ? ['--import=tsx'] : [];
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
    const child = fork(at('kill-child.mjs'), [compiler, folder], { execArgv, stdio: [...stdio] });
    child.once('message', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`ended by itself with ${code}`)));
  });

/** Told to write, it answers: `once`, when it has; `on`, when it begins and goes on until it is killed. */
const writing = (child: ChildProcess, what: 'once' | 'on'): Promise<unknown> =>
  new Promise((resolve) => {
    child.once('message', resolve);
    child.send(what);
  });

const killed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.removeAllListeners('exit').once('exit', () => resolve());
    child.kill('SIGKILL');
  });

/** Children that are ready or get ready, since compiling takes ten times as long as writing. */
const AHEAD = 2;

export const kill: Scenario = async (terms) => {
  const home = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
  const folder = join(home, 'bundle');
  const random = new Random(terms.seed);
  const kills = times(terms, terms.alone ? 200 : 60);
  let missing = 0;
  try {
    const children = Array.from({ length: AHEAD }, () => started(folder));
    for (let i = 0; i < kills; i++) {
      const child = await children.shift()!;
      if (i + AHEAD < kills) children.push(started(folder));
      // The next write over what the killed child left.
      await writing(child, 'once');
      const left = readdirSync(home).filter((name) => name !== 'bundle');
      if (left.length > 0)
        throw new Error(`kill ${i}: after the next write there is still ${left.join(', ')}`);
      await writing(child, 'on');
      await new Promise((resolve) => setTimeout(resolve, random.integer(0, 60)));
      await killed(child);
      const whole = await load(folder, { engine: 'wasm' }).catch(async () => {
        // Killed between two renames, the old bundle waits aside: what the next write begins with puts it back.
        await clearLeftovers(folder);
        return load(folder, { engine: 'wasm' }).catch((error: Error) => error);
      });
      if (whole instanceof Error) missing++;
      else {
        await whole.run({ x: new Float32Array(8) });
        await whole.close();
      }
    }
    if (missing > 0) throw new Error(`${missing} of ${kills} kills left no whole bundle`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return { said: `${kills} kills, one whole bundle after each` };
};
