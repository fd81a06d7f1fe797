/**
 * Makes the bundle folder self-contained: esbuild puts the runtime into `index.js`, the engine's worker into
 * `worker.js`, and the reference implementations of host ops, where there are any, into `host.js`. They are
 * minified: what a person may want to read of a bundle is its executor, and errors speak for themselves.
 */
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { MillraceError } from '../../runtime/error.ts';
import { carriedKernels } from './carried.ts';
import { type Bundled, readPrepared } from './prepared.ts';

export interface EntryFile {
  readonly name: string;
  readonly text: string;
}

export interface Entries {
  /** The text of `index.js`, for the manifest it belongs to. */
  index(manifestCrc32: number): string;
  readonly files: readonly EntryFile[];
  /** Source files that went in, relative to the package. */
  readonly sources: readonly string[];
}

/** Source modules are `.ts` in the checkout and `.js` once built; this module's own name tells which. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const root = fileURLToPath(new URL('../../', import.meta.url));

/** A name that the entry's text does not declare, so that it stays as it is and can be declared before it. */
const CHECKSUM = 'MANIFEST_CRC32';

/** What `index.js` exports; `emitDeclarations` says the same to TypeScript. */
const indexEntry = [
  `import { loaderOf } from './runtime/node.${extension}';`,
  `export { errorCodes, MillraceError } from './runtime/error.${extension}';`,
  `export const load = loaderOf(import.meta.url, ${CHECKSUM});`,
].join('\n');

type Runtime = readonly [index: Bundled, worker: Bundled];

/** The same for every network: made once. */
let runtime: Promise<Runtime> | null = null;

export const bundleRuntime = (): Promise<Runtime> =>
  Promise.all([
    bundle({ stdin: entry(indexEntry) }),
    bundle({ entryPoints: [`${root}runtime/platform/node/worker.${extension}`] }),
  ]);

export async function bundleEntries(hostOps: readonly string[]): Promise<Entries> {
  const prepared = readPrepared();
  runtime ??= prepared === null ? bundleRuntime() : Promise.resolve([prepared.index, prepared.worker]);
  const [index, worker] = await runtime;
  const host = hostOps.length > 0 ? await bundle({ stdin: entry(hostEntry(hostOps)) }) : null;
  const files = [{ name: 'worker.js', text: worker.text }];
  if (host !== null) files.push({ name: 'host.js', text: host.text });
  return {
    index: (manifestCrc32) => `const ${CHECKSUM}=${manifestCrc32};\n${index.text}`,
    files,
    sources: [
      ...new Set([index, worker, ...(host === null ? [] : [host])].flatMap(({ sources }) => sources)),
    ],
  };
}

const hostEntry = (names: readonly string[]): string =>
  `export { ${names.join(', ')} } from './compiler/ops/list.${extension}';`;

const entry = (contents: string) => ({
  contents,
  resolveDir: root,
  loader: 'js' as const,
  sourcefile: 'entry.js',
});

async function bundle(source: Pick<BuildOptions, 'stdin' | 'entryPoints'>): Promise<Bundled> {
  const { build } = await import('esbuild');
  try {
    const result = await build({
      ...source,
      // Names in the metafile are relative to it: by default that would be wherever the compiler is run.
      absWorkingDir: root,
      bundle: true,
      write: false,
      metafile: true,
      minify: true,
      plugins: [carriedKernels],
      // An error that nobody catches shows the line it was thrown in.
      lineLimit: 1000,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      // They have a file of their own: notices.ts.
      legalComments: 'none',
      logLevel: 'silent',
    });
    return { text: result.outputFiles[0]!.text, sources: Object.keys(result.metafile.inputs) };
  } catch (cause) {
    throw new MillraceError('INTERNAL', 'the runtime could not be bundled', { cause });
  }
}
