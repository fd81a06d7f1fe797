/** The bundles that every runtime loads: small networks that between them use most kernels, and one that streams. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, defineModel, dense, relu, tensor } from '../../compiler/index.ts';
import { networks } from '../../test/support/networks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Three segments at least, so that its smallest plan reads while it computes. */
const stack = () =>
  defineModel('stack', { x: tensor('float32', [1, 700]) }, ({ x }) => {
    const hidden = relu(dense(relu(dense(x, { units: 700 })), { units: 700 }));
    return { y: dense(hidden, { units: 700 }) };
  });

/** Writes each network's bundle to a folder of its name inside `folder`. */
export async function writeBundles(folder: string): Promise<void> {
  for (const [name, make] of Object.entries({ ...networks, stack })) {
    const bundle = await compile(make());
    await bundle.write(join(folder, name));
  }
}

/**
 * Builds the native engine for another target and lays it out as the package that a device installs, where bundles in
 * `folder` find it. False where there is no compiler for it.
 */
export function installEngine(folder: string, target: string): boolean {
  if (!build(['--target', target])) return false;
  const home = join(folder, 'node_modules/@millrace', target);
  const file = `engine-${target}.node`;
  mkdirSync(home, { recursive: true });
  copyFileSync(join(root, 'build/engine', file), join(home, file));
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: `@millrace/${target}`, main: file }));
  return true;
}

/** Builds `test/native/model-driver.c` for a target; null where there is no compiler for it. */
export const buildDriver = (target: string): string | null =>
  build(['--target', target, '--program', 'test/native/model-driver.c'])
    ? join(root, `build/engine/model-driver-${target}`)
    : null;

function build(args: readonly string[]): boolean {
  try {
    execFileSync(process.execPath, ['--import=tsx', 'scripts/build-native.ts', ...args], {
      cwd: root,
      stdio: 'pipe',
    });
    return true;
  } catch {
    return false;
  }
}
