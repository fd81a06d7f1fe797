/** `npm run build`: engine, JavaScript and declarations into dist, the `millrace` command, and `@millrace/runtime`. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const at = (path: string): string => fileURLToPath(new URL(path, root));
const node = (...args: string[]): void => {
  execFileSync(process.execPath, args, { cwd: at('.'), stdio: 'inherit' });
};

node('--import=tsx', 'scripts/build-engine.ts');
// Where a C compiler is, the native engine too; everything works without it.
node('--import=tsx', 'scripts/build-native.ts', '--if-possible');
rmSync(at('dist'), { recursive: true, force: true });
node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
// tsc has modules whose address is computed rewritten as they are imported. Ours are never relative: every bundle would
// carry that for nothing.
for (const name of readdirSync(at('dist'), { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.js')) continue;
  const text = readFileSync(at(`dist/${name}`), 'utf8');
  if (!text.includes('__rewriteRelativeImportExtension')) continue;
  const plain = text
    .replace(/^var __rewriteRelativeImportExtension = [\s\S]*?^};\n/m, '')
    .replaceAll('import(__rewriteRelativeImportExtension(', 'import((');
  writeFileSync(at(`dist/${name}`), plain);
}
// The compiled compiler finds the engine where the sources do, one folder up.
mkdirSync(at('dist/build/engine'), { recursive: true });
for (const name of readdirSync(at('build/engine')))
  if (/^engine.*\.(wasm|node)$/.test(name))
    copyFileSync(at(`build/engine/${name}`), at(`dist/build/engine/${name}`));
node('--import=tsx', 'scripts/prepare.ts');
writeFileSync(at('dist/cli.js'), "#!/usr/bin/env node\nimport './cli/main.js';\n");
chmodSync(at('dist/cli.js'), 0o755);
node('--import=tsx', 'scripts/runtime-package.ts');
