/**
 * Builds the engine: writes `build/engine/engine_abi.h`, then compiles `runtime/engine/engine.c` and the kernels to
 * `engine.wasm` (SIMD) and `engine-relaxed.wasm` (with fused multiply-add) with a clang that is itself an npm
 * package, so no system compiler is needed. Invariant: the output depends on the sources, the flags and the
 * compiler's version only; when none has changed since the last build, nothing is done.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { commands, runLLVM, type Tree } from '@yowasp/clang';
import { kernelNames } from '../runtime/engine/abi.ts';
import { engineHeader } from './engine-header.ts';

const root = new URL('../', import.meta.url);
const target = new URL('build/engine/', root);

/** Stack of the first thread; the others' stacks are given by the loader through `__stack_pointer`. */
const STACK_BYTES = 65536;
const WASM_MEMORY_LIMIT = 65536 * 65536;

const compileFlags = [
  '--target=wasm32-unknown-unknown',
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
  '-Wl,--strip-all',
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

const compile = async (files: Tree, sources: readonly string[], flags: readonly string[]) => {
  const messages: Uint8Array[] = [];
  const collect = (bytes: Uint8Array | null): void => {
    if (bytes !== null) messages.push(bytes.slice());
  };
  const args = [...compileFlags, ...flags, ...linkFlags, ...sources, '-o', 'out.wasm'];
  try {
    const tree = await commands.clang(args, files, {
      stdout: collect,
      stderr: collect,
    });
    return tree?.['out.wasm'] as Uint8Array;
  } catch {
    console.error(Buffer.concat(messages).toString());
    process.exit(1);
  }
};

const engineFiles = await readTree('runtime/engine/');
const kernelFiles = await readTree('runtime/kernels/');
const header = engineHeader(kernelNames.filter((name) => kernelFiles[`${name}.c`] !== undefined));
const clangPackage = await readFile(new URL('node_modules/@yowasp/clang/package.json', root), 'utf8');
const { version } = JSON.parse(clangPackage) as { version: string };

const digest = createHash('sha256')
  .update(JSON.stringify([version, compileFlags, linkFlags, variants, header, engineFiles, kernelFiles]))
  .digest('hex');
await mkdir(target, { recursive: true });
const stamp = new URL('engine.sha256', target);
if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) {
  console.log('engine: up to date');
} else {
  const started = performance.now();
  const files: Tree = {
    runtime: { engine: engineFiles, kernels: kernelFiles },
    build: { engine: { 'engine_abi.h': header } },
  };
  const sources = [
    'runtime/engine/engine.c',
    ...Object.keys(kernelFiles)
      .filter((name) => name.endsWith('.c'))
      .map((name) => `runtime/kernels/${name}`),
  ];
  await writeFile(new URL('engine_abi.h', target), header);
  // Without arguments: only unpacks the compiler, which would otherwise print its progress.
  await runLLVM(undefined, {}, { fetchProgress: () => {} });
  const sizes: string[] = [];
  for (const variant of variants) {
    const wasm = await compile(files, sources, variant.flags);
    await writeFile(new URL(variant.file, target), wasm);
    sizes.push(`${variant.file} ${wasm.length} bytes`);
  }
  await writeFile(stamp, digest);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`engine: built ${sizes.join(', ')} in ${seconds} s`);
}
