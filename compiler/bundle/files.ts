/** The files of a bundle that do not depend on the packed weights, and the entry, which bears the manifest's checksum. */
import { readdir, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { FileEntry } from '../../runtime/format/format.ts';
import { emitDeclarations } from '../codegen/declarations.ts';
import { bundleEntries } from '../codegen/entry.ts';
import { emitExecutor } from '../codegen/executor.ts';
import { emitNotices } from '../codegen/notices.ts';
import { emitPackage } from '../codegen/package.ts';
import type { PortDocs } from '../ir/graph.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { stripEngine } from './engine/strip.ts';
import type { BundleFile } from './write.ts';

export interface BundleFiles {
  readonly files: readonly BundleFile[];
  /** Their lengths and checksums, for the manifest. */
  readonly sums: readonly FileEntry[];
  /** The text of `index.js`. */
  entry(manifestCrc32: number): string;
}

/** `compiler`: name and version, for the comments at the heads. */
export async function bundleFiles(
  schedule: Schedule,
  compiler: string,
  docs: PortDocs | undefined,
): Promise<BundleFiles> {
  const hostOps = new Set(
    schedule.steps.flatMap(({ action }) => (action.kind === 'host' ? [action.op] : [])),
  );
  const entries = await bundleEntries([...hostOps]);
  const host = entries.files.find(({ name }) => name === 'host.js');
  const executor = await emitExecutor(schedule, compiler, host && crc32(host.text));
  const { name, inputs, outputs } = schedule;
  const files: BundleFile[] = [
    ...entries.files.map(({ name, text }) => ({ name, content: text })),
    { name: 'executor.js', content: executor.javascript },
    { name: 'executor.d.ts', content: executor.declarations },
    { name: 'index.d.ts', content: await emitDeclarations(name, inputs, outputs, compiler, docs) },
    { name: 'package.json', content: emitPackage(name, compiler) },
    { name: 'THIRD_PARTY_NOTICES', content: await emitNotices(entries.sources) },
    ...(await engineFiles(kernelsIn(schedule))),
  ];
  return {
    files,
    sums: files.map(entryOf),
    entry: entries.index,
  };
}

const entryOf = ({ name, content }: BundleFile): FileEntry => ({
  name,
  byteLength: Buffer.byteLength(content),
  crc32: crc32(content),
});

/** The kernels that a schedule calls. */
export const kernelsIn = ({ steps }: Schedule): ReadonlySet<string> =>
  new Set(steps.flatMap(({ action }) => (action.kind === 'kernel' ? [action.kernel] : [])));

/**
 * The engines, with the kernels that are called. The native engine of this machine goes along where it is built, whole:
 * on any other machine the bundle runs in WASM.
 */
async function engineFiles(kernels: ReadonlySet<string>): Promise<BundleFile[]> {
  const built = new URL('../../build/engine/', import.meta.url);
  const here = new RegExp(`^engine-${process.platform}-${process.arch}(-musl)?\\.node$`);
  const native = (await readdir(built)).filter((name) => here.test(name));
  const read = (name: string): Promise<Uint8Array> => readFile(new URL(name, built));
  return Promise.all([
    ...['engine.wasm', 'engine-relaxed.wasm'].map(async (name) => ({
      name,
      content: stripEngine(await read(name), kernels),
    })),
    ...native.map(async (name) => ({ name, content: await read(name) })),
  ]);
}
