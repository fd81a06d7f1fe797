/**
 * Makes the bundle folder self-contained: esbuild puts the runtime and its one dependency into `index.js`, the
 * worker into `worker.js`, and the reference implementations of host ops, where there are any, into `host.js`.
 */
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { MillraceError } from '../../runtime/error.ts';

export interface EntryFile {
  readonly name: string;
  readonly text: string;
}

/** Source modules are `.ts` in the checkout and `.js` once built; this module's own name tells which. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const root = fileURLToPath(new URL('../../', import.meta.url));

/** The same for every network: made once. */
let runtimeFiles: Promise<readonly EntryFile[]> | null = null;

export async function bundleEntries(hostOps: readonly string[]): Promise<EntryFile[]> {
  const index = [
    `import { load as loadBundle } from './runtime/node.${extension}';`,
    `import * as executor from './executor.js';`,
    `export const load = (options) => loadBundle(new URL('.', import.meta.url), { ...options, executor });`,
  ];
  runtimeFiles ??= Promise.all([
    bundle({ stdin: entry(index.join('\n')) }).then((text) => ({ name: 'index.js', text })),
    bundle({ entryPoints: [`${root}runtime/platform/node/worker.${extension}`] }).then((text) => ({
      name: 'worker.js',
      text,
    })),
  ]);
  const files = [...(await runtimeFiles)];
  if (hostOps.length > 0)
    files.push({ name: 'host.js', text: await bundle({ stdin: entry(hostEntry(hostOps)) }) });
  return files;
}

const hostEntry = (names: readonly string[]): string =>
  `export { ${names.join(', ')} } from './compiler/ops/list.${extension}';`;

const entry = (contents: string) => ({
  contents,
  resolveDir: root,
  loader: 'js' as const,
  sourcefile: 'entry.js',
});

async function bundle(source: Pick<BuildOptions, 'stdin' | 'entryPoints'>): Promise<string> {
  const { build } = await import('esbuild');
  try {
    const result = await build({
      ...source,
      // Comments name the modules relative to it: by default that would be wherever the compiler is run.
      absWorkingDir: root,
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      external: ['./executor.js'],
      legalComments: 'none',
      logLevel: 'silent',
    });
    return result.outputFiles![0]!.text;
  } catch (cause) {
    throw new MillraceError('INTERNAL', 'the runtime could not be bundled', { cause });
  }
}
