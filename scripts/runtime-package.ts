/**
 * Fills `packages/runtime`, the package `@millrace/runtime`: the built runtime in one file, and its declarations. Part of
 * `npm run build`, after `tsc`.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../', import.meta.url);
const at = (path: string): string => fileURLToPath(new URL(path, root));
const out = 'packages/runtime/dist';

rmSync(at(out), { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ['dist/runtime/node.js'],
  outfile: `${out}/index.js`,
  absWorkingDir: at('.'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  metafile: true,
});
cpSync(at('dist/runtime'), at(`${out}/types`), {
  recursive: true,
  filter: (path) => !path.endsWith('.js'),
});

// What is not ours comes with its licence.
const foreign = new Set(
  Object.keys(metafile.inputs).flatMap(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  ),
);
const notices = [...foreign].sort().map((name) => {
  const { version } = JSON.parse(readFileSync(at(`node_modules/${name}/package.json`), 'utf8'));
  return `${name} ${version}\n\n${readFileSync(at(`node_modules/${name}/LICENSE`), 'utf8').trim()}\n`;
});
if (notices.length > 0) writeFileSync(at(`${out}/THIRD_PARTY_NOTICES.txt`), notices.join('\n'));
