// `npm run bench -- <name> …`: installs the peers on first use, then runs bench/<name>.ts.
import { execFileSync, spawn } from 'node:child_process';
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
const child = spawn(process.execPath, ['--import=tsx', script, ...rest], { stdio: 'inherit' });
// It puts its files in order when it is interrupted, which a terminal does to both: wait for it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill());
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
