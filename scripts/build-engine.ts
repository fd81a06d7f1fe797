/**
 * Builds the engine: writes `build/engine/engine_abi.h`, then compiles `runtime/engine/engine.c` and the kernels to
 * `engine.wasm` (SIMD) and `engine-relaxed.wasm` (with fused multiply-add) with a clang that is itself an npm
 * package, so no system compiler is needed. Invariant: the output depends on the sources, the flags and the
 * compiler's version only; when none has changed since the last build, nothing is done.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { commands, runLLVM, type Tree } from '@yowasp/clang';
import { engineHeader } from './engine-header.ts';

const root = new URL('../', import.meta.url);
const target = new URL('build/engine/', root);

/** Stack of the first thread; the others' stacks are given by the loader through `__stack_pointer`. */
const STACK_BYTES = 65536;
/** Where functions begin in the table: the compiler tells their places from other constants (bundle/engine/strip.ts). */
const TABLE_BASE = 1021;
const WASM_MEMORY_LIMIT = 65536 * 65536;

const platform = '--target=wasm32-unknown-unknown';
const compileFlags = [
  platform,
  '-std=c11',
  '-O3',
  '-ffreestanding',
  '-fno-builtin',
  '-fno-math-errno',
  // A fused operation is written where it is meant (MADD); elsewhere both builds round alike.
  '-ffp-contract=off',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-msimd128',
  '-matomics',
  '-mbulk-memory',
  '-mmutable-globals',
  '-mnontrapping-fptoint',
  '-Iruntime/engine',
  '-Ibuild/engine',
];
const linkFlags = [
  platform,
  '-nostdlib',
  '-Wl,--no-entry',
  '-Wl,--import-memory',
  '-Wl,--shared-memory',
  `-Wl,--max-memory=${WASM_MEMORY_LIMIT}`,
  `-Wl,-z,stack-size=${STACK_BYTES}`,
  // An overflow of the stack traps below address 0 instead of overwriting the engine's own words.
  '-Wl,--stack-first',
  '-Wl,--export=__heap_base',
  '-Wl,--export=__stack_pointer',
  // Names of functions stay: the compiler finds kernels by them, and leaves out what a network does not call.
  '-Wl,--strip-debug',
  '-Wl,--compress-relocations',
  `-Wl,--table-base=${TABLE_BASE}`,
];
const variants = [
  { file: 'engine.wasm', flags: [] },
  { file: 'engine-relaxed.wasm', flags: ['-mrelaxed-simd'] },
];

const readTree = async (directory: string): Promise<Record<string, string>> => {
  const names = (await readdir(new URL(directory, root))).filter((name) => /\.[ch]$/.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(directory + name, root), 'utf8')));
  return Object.fromEntries(names.map((name, index) => [name, texts[index]!]));
};

/** Runs clang over the virtual files; its messages are shown only when it fails. */
const clang = async (files: Tree, args: readonly string[], output: string): Promise<Uint8Array> => {
  const messages: Uint8Array[] = [];
  const collect = (bytes: Uint8Array | null): void => {
    if (bytes !== null) messages.push(bytes.slice());
  };
  try {
    const tree = await commands.clang([...args, '-o', output], files, { stdout: collect, stderr: collect });
    return tree?.[output] as Uint8Array;
  } catch {
    console.error(Buffer.concat(messages).toString());
    process.exit(1);
  }
};

const hashOf = (...parts: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

const engineFiles = await readTree('runtime/engine/');
const kernelFiles = await readTree('runtime/kernels/');
const header = engineHeader();
const clangPackage = await readFile(new URL('node_modules/@yowasp/clang/package.json', root), 'utf8');
const { version } = JSON.parse(clangPackage) as { version: string };

const sources: Record<string, string> = {
  'runtime/engine/engine.c': engineFiles['engine.c']!,
  'runtime/engine/wasm.c': engineFiles['wasm.c']!,
};
const headers: string[] = [header];
for (const [directory, texts] of [
  ['runtime/engine', engineFiles],
  ['runtime/kernels', kernelFiles],
] as const)
  for (const [name, text] of Object.entries(texts)) {
    if (name.endsWith('.h')) headers.push(name, text);
    else if (directory === 'runtime/kernels') sources[`${directory}/${name}`] = text;
  }
const files: Tree = {
  runtime: { engine: engineFiles, kernels: kernelFiles },
  build: { engine: { 'engine_abi.h': header } },
};

/** An object file, from the last build if neither its source nor any header has changed. */
const objectOf = async (source: string, flags: readonly string[]): Promise<Uint8Array> => {
  const hash = hashOf(version, compileFlags, flags, headers, source, sources[source]);
  const cached = new URL(`${hash.slice(0, 32)}.o`, objects);
  kept.add(`${hash.slice(0, 32)}.o`);
  const found = await readFile(cached).catch(() => undefined);
  if (found !== undefined) return new Uint8Array(found);
  const object = await clang(files, [...compileFlags, ...flags, '-c', source], 'object.o');
  await writeFile(cached, object);
  return object;
};

const digest = hashOf(version, compileFlags, linkFlags, variants, headers, sources);
const stamp = new URL('engine.sha256', target);
const objects = new URL('objects/', target);
const kept = new Set<string>();
await mkdir(objects, { recursive: true });
if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) {
  console.log('engine: up to date');
} else {
  const started = performance.now();
  await writeFile(new URL('engine_abi.h', target), header);
  // Without arguments: only unpacks the compiler, which would otherwise print its progress.
  await runLLVM(undefined, {}, { fetchProgress: () => {} });
  const sizes: string[] = [];
  for (const variant of variants) {
    const linked: Record<string, Uint8Array> = {};
    for (const source of Object.keys(sources).sort())
      linked[`${source.replaceAll('/', '-')}.o`] = await objectOf(source, variant.flags);
    const wasm = await clang(linked, [...linkFlags, ...Object.keys(linked)], variant.file);
    await writeFile(new URL(variant.file, target), wasm);
    sizes.push(`${variant.file} ${wasm.length} bytes`);
  }
  for (const name of await readdir(objects)) if (!kept.has(name)) await rm(new URL(name, objects));
  await writeFile(stamp, digest);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`engine: built ${sizes.join(', ')} in ${seconds} s`);
}
