// `npm run bench -- <name> …`: installs the peers on first use, then runs bench/<name>.ts.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const [name, ...rest] = process.argv.slice(2);
const script = `${here}${name}.ts`;
if (name === undefined || !existsSync(script)) {
  console.error('npm run bench -- peers <model.onnx> …; docs/benchmarking.md lists all benchmarks');
  process.exit(2);
}
if (!existsSync(`${here}node_modules`)) {
  // onnxruntime-node's install step would download GPU libraries.
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
}
execFileSync(process.execPath, ['--import=tsx', script, ...rest], { stdio: 'inherit', cwd: process.cwd() });
