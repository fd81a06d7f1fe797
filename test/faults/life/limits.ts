/** What runs out: descriptors, room on the disk, and nothing over ten thousand runs. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, defineModel, dense, tensor } from '../../../compiler/index.ts';
import { MillraceError } from '../../../runtime/error.ts';
import { engines, expectEach, rightDigest, runBundle, type Scenario, times, withBundle } from './scenario.ts';

export const descriptors: Scenario = () =>
  withBundle(async (folder) => {
    for (const engine of engines)
      for (const threads of [1, 2]) {
        const options = { engine, threads } as const;
        const right = await rightDigest(folder, options);
        const within = ['sh', '-c', 'ulimit -n 60 && exec "$@"', 'sh'];
        const ended = await runBundle(folder, options, { what: 'descriptors', within });
        expectEach(ended, right, ['BUNDLE_READ', 'SEGMENT_READ', 'ENGINE'], `${engine}, ${threads} threads`);
        if (ended.at(-1) !== right) throw new Error(`${engine}: is not right once descriptors are back`);
      }
    return { said: 'none left at load, right afterwards' };
  });

/** Growth that is noise: the heap's, which V8 sizes by itself. */
const FLAT_BYTES = 12 * 2 ** 20;

export const flat: Scenario = (terms) =>
  withBundle(async (folder) => {
    const runs = times(terms, terms.alone ? 10_000 : 1500);
    const grown: string[] = [];
    for (const engine of engines)
      for (const threads of [1, 2]) {
        const options = { engine, threads, mode: 'stream', plan: 'smallest', source: 'file' } as const;
        const [bytes] = await runBundle(folder, options, { runs, what: 'flat', timeout: 600_000 });
        if (typeof bytes !== 'number') throw new Error(String(bytes));
        if (bytes > FLAT_BYTES)
          throw new Error(`${engine}, ${threads} threads: ${bytes} bytes in ${runs} runs`);
        grown.push(`${Math.round(bytes / 1024)} KiB`);
      }
    return { said: `${runs} runs each; grown by ${grown.join(', ')}` };
  });

/** A disk that fills at any byte of a bundle: OUTPUT, and what was there before is whole. */
export const fullDisk: Scenario = async (terms) => {
  const mount = mkdtempSync(join(tmpdir(), 'millrace-full-'));
  const small = await compile(network(40));
  const large = await compile(network(1400));
  let refused = 0;
  try {
    for (let i = 0; i < times(terms, 12); i++) {
      const kilobytes = 1100 + 680 * i;
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', mount], { stdio: 'pipe' });
      } catch {
        return { skipped: 'skipped: no tmpfs can be mounted here' };
      }
      try {
        const folder = join(mount, 'bundle');
        const wrote = await small.write(folder).then(() => true, typedOutput);
        const replaced = await large.write(folder).then(() => true, typedOutput);
        refused += Number(!replaced);
        if (wrote || replaced) await rightDigest(folder, { engine: 'wasm' });
        const left = readdirSync(mount).filter((name) => name !== 'bundle');
        if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
        if (!wrote && !replaced && existsSync(folder)) throw new Error('half a bundle was left');
      } finally {
        execFileSync('umount', [mount]);
      }
    }
  } finally {
    rmSync(mount, { recursive: true, force: true });
  }
  return { said: `${refused} bundles refused, what was there before is whole` };
};

const network = (units: number) =>
  defineModel('full', { x: tensor('float32', [1, 1400]) }, ({ x }) => ({ y: dense(x, { units }) }));

function typedOutput(error: unknown): false {
  if (error instanceof MillraceError && error.code === 'OUTPUT') return false;
  throw error;
}
