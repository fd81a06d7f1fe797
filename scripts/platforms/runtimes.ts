/** The runtimes that bundles are tried on: npm packages that carry a binary, listed in test/platforms/package.json. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

const home = new URL('../../test/platforms/', import.meta.url);
const at = (path: string): string => fileURLToPath(new URL(`node_modules/${path}`, home));

export interface Runtime {
  readonly name: string;
  /** Where it runs, as the table says it. */
  readonly system: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Built for it: the package of the native engine, where it is not the one of this machine. */
  readonly target?: 'linux-arm64';
}

const nodes = ['20', '22', '24', '26'].map(
  (major): Runtime => ({
    name: `Node ${major}`,
    system: 'linux x64',
    command: [at(`node-${major}/bin/node`)],
  }),
);

export const runtimes: readonly Runtime[] = [
  ...nodes,
  { name: 'Bun', system: 'linux x64', command: [at('@oven/bun-linux-x64/bin/bun')] },
  { name: 'Deno', system: 'linux x64', command: [at('@deno/linux-x64-glibc/deno'), 'run', '--allow-all'] },
  {
    name: 'Node 24',
    system: 'linux arm64, emulated',
    command: ['qemu-aarch64', at('node-24-arm64/bin/node')],
    env: { QEMU_LD_PREFIX: '/usr/aarch64-linux-gnu' },
    target: 'linux-arm64',
  },
];

/** Installs the runtimes where they are not yet; why not, where that fails. */
export function installRuntimes(): string | null {
  if (platform !== 'linux' || arch !== 'x64')
    return `the runtimes are for linux x64, this is ${platform} ${arch}`;
  if (existsSync(at('node-20'))) return null;
  try {
    // Forced: one of them is for another processor.
    const options = ['--force', '--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync('npm', ['ci', ...options], {
      cwd: fileURLToPath(home),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return null;
  } catch (error) {
    return `npm could not install them: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** The version that a runtime says it has; null where it does not start. */
export function versionOf({ command, env }: Runtime): string | null {
  const program = command.filter((word) => word !== 'run' && !word.startsWith('--'));
  try {
    const [first, ...rest] = [...program, '--version'];
    const said = execFileSync(first!, rest, {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, ...env },
    });
    return /\d+\.\d+\.\d+/.exec(said)?.[0] ?? null;
  } catch {
    return null;
  }
}
