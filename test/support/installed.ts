/**
 * Millrace as a user has it: the tarball of `npm pack`, unpacked into a project's node_modules. Its dependencies are
 * linked from the checkout, where `npm ci` has put them: no test asks a registry.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './command.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

let unpacked: string | null = null;

/** The package as it was unpacked, once for the process. */
export function packedPackage(): string {
  if (unpacked !== null) return unpacked;
  const folder = temporaryFolder();
  process.once('exit', () => folder.remove());
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder.path];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' })) as [
    { readonly filename: string },
  ];
  execFileSync('tar', ['-xzf', packed.filename], { cwd: folder.path });
  unpacked = folder.at('package');
  return unpacked;
}

/** Puts the package and what it depends on into a project. */
export function installInto(project: string): void {
  const target = join(project, 'node_modules/millrace');
  mkdirSync(dirname(target), { recursive: true });
  cpSync(packedPackage(), target, { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link, 'dir');
  }
}

/** Runs a command of the project, as `npx` would; what it printed. */
export function runIn(project: string, script: string, ...args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [script, ...args], {
      cwd: project,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${script} ${args.join(' ')}: ${stdout}${stderr}`);
  }
}
