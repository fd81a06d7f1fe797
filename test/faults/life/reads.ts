/** Reads of weights fail, end early, are interrupted or take long: in `fs.read`, and in the system's own call. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engines, expectEach, rightDigest, runBundle, type Scenario, withBundle } from './scenario.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** An interrupted read is made again, a short one goes on; a device that fails is told. */
const faults: Readonly<Record<string, readonly string[]>> = {
  EIO: ['SEGMENT_READ'],
  EAGAIN: ['SEGMENT_READ'],
  EINTR: [],
  short: [],
  slow: [],
};

export const reads: Scenario = ({ seed }) =>
  withBundle(async (folder) => {
    const library = join(folder, '../fail-reads.so');
    const built = compiled(library);
    let ways = 0;
    for (const engine of engines)
      for (const source of ['file', 'direct'] as const) {
        const options = { engine, source, mode: 'stream', plan: 'smallest' } as const;
        const right = await rightDigest(folder, options);
        for (const [fault, codes] of Object.entries(faults)) {
          const env = { FAULT: fault, FAULT_EVERY: String(5 + (seed % 7)) };
          const shims = [
            ...(built ? [{ env: { ...env, LD_PRELOAD: library } }] : []),
            ...(engine === 'wasm' ? [{ env, flags: ['--import', here('fail-reads.mjs')] }] : []),
          ];
          for (const shim of shims) {
            const ended = await runBundle(folder, options, { ...shim, runs: 6 });
            // A direct read that ended early goes on at an address that direct reads may refuse.
            const refused = fault === 'short' && source === 'direct' ? ['SEGMENT_READ'] : [];
            expectEach(ended, right, [...codes, ...refused], `${engine}, ${source}, ${fault}`);
            ways++;
          }
        }
      }
    return { said: `${ways} ways, six runs each${built ? '' : ' (no C compiler: fs.read only)'}` };
  });

function compiled(library: string): boolean {
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, here('fail-reads.c'), '-ldl'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}
