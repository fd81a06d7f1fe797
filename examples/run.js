// `node examples/run.js <example> [arguments]`: installs what the example needs on first use, then runs it. With
// `--or-skip`, a machine that can not install it is told so, and nothing fails.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [example, ...given] = process.argv.slice(2);
const here = fileURLToPath(new URL(`${example}/`, import.meta.url));
const args = given.filter((arg) => arg !== '--or-skip');
if (!existsSync(`${here}node_modules`)) {
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: here,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch (error) {
    if (args.length === given.length) throw error;
    console.log(`The example ${example} is skipped: its packages could not be installed.\n`);
    process.exit(0);
  }
}
const { status } = spawnSync(process.execPath, ['--import=tsx', `${here}main.ts`, ...args], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
