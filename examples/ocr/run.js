// `npm run ocr [-- <picture>]`: installs what the example needs on first use, then runs it. With `--or-skip`, a machine
// that can not install it is told so, and nothing fails.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const args = process.argv.slice(2).filter((arg) => arg !== '--or-skip');
const optional = args.length < process.argv.length - 2;
if (!existsSync(`${here}node_modules`)) {
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: here,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch (error) {
    if (!optional) throw error;
    console.log('The example that reads text is skipped: its packages could not be installed.\n');
    process.exit(0);
  }
}
const { status } = spawnSync(process.execPath, ['--import=tsx', `${here}main.ts`, ...args], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
