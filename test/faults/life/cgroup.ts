/** Large networks in a cgroup of bare Node, their smallest plan, and 15 MiB (12 more with two threads). Linux, as root. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../../../compiler/index.ts';
import { zoo } from '../../../examples/zoo/index.ts';
import { runBundle, type Scenario, times } from './scenario.ts';

const MIB = 2 ** 20;
const BESIDE = { 1: 15 * MIB, 2: 27 * MIB } as const;

interface Group {
  /** Starts Node inside it. */
  readonly within: readonly string[];
  limit(bytes: number): void;
  peak(): number;
  remove(): void;
}

/** A memory group of either version; null where none can be made. */
function makeGroup(name: string): Group | null {
  const first = existsSync('/sys/fs/cgroup/memory');
  const path = join(first ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup', `millrace-${process.pid}-${name}`);
  const [limit, peak] = first
    ? ['memory.limit_in_bytes', 'memory.max_usage_in_bytes']
    : ['memory.max', 'memory.peak'];
  try {
    mkdirSync(path);
    readFileSync(join(path, peak!));
  } catch {
    return null;
  }
  return {
    within: ['sh', '-c', `echo $$ > ${path}/cgroup.procs && exec "$@"`, 'sh'],
    limit: (bytes) => writeFileSync(join(path, limit!), String(bytes)),
    peak: () => Number(readFileSync(join(path, peak!), 'utf8')),
    remove: () => rmdirSync(path),
  };
}

function inGroup<T>(name: string, body: (group: Group) => T): T | null {
  const group = makeGroup(name);
  if (group === null) return null;
  try {
    return body(group);
  } finally {
    group.remove();
  }
}

/** What Node takes that does nothing. */
const bareNode = (): number | null =>
  inGroup('bare', (group) => {
    const [command, ...args] = [...group.within, process.execPath, '--eval', '0'];
    execFileSync(command!, args);
    return group.peak();
  });

export const cgroup: Scenario = async (terms) => {
  const bare = bareNode();
  if (bare === null) return { skipped: 'skipped: no memory cgroup can be made here' };
  const home = mkdtempSync(join(tmpdir(), 'millrace-cgroup-'));
  const said: string[] = [];
  const died: string[] = [];
  try {
    for (const name of terms.scale < 0.5 ? ['resnet50'] : ['resnet50', 'resnet152']) {
      const bundle = await compile(zoo[name]!.model());
      await bundle.write(join(home, name));
      const plan = bundle.report.plans[0]!.peakBytes + bundle.report.fixedBytes;
      for (const engine of ['native', 'wasm'] as const)
        for (const threads of [1, 2] as const) {
          const group = makeGroup(`${name}-${engine}-${threads}`)!;
          const limit = bare + plan + BESIDE[threads];
          group.limit(limit);
          const options = { engine, threads, plan: 'smallest', mode: 'stream' } as const;
          const started = { runs: times(terms, 20), within: group.within, timeout: 400_000 };
          const what = `${name}, ${engine}, ${threads} thread(s) in ${(limit / MIB).toFixed(1)} MiB`;
          const ended = await runBundle(join(home, name), options, started).catch((error: Error) => error);
          said.push(`${what}: peak ${(group.peak() / MIB).toFixed(1)}`);
          if (ended instanceof Error || new Set(ended).size !== 1 || !/^[0-9a-f]{64}$/.test(String(ended[0])))
            died.push(`${what}: ${ended instanceof Error ? ended.message.slice(0, 200) : String(ended[0])}`);
          group.remove();
        }
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  if (died.length > 0) throw new Error(`${died.join('\n')}\n${said.join('\n')}`);
  return { said: `bare Node ${(bare / MIB).toFixed(1)} MiB; ${said.join('; ')}` };
};
