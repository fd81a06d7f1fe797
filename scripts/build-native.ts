/**
 * Builds the native engine: `build/engine/engine-<platform>-<arch>[-musl].node`, with the system's C compiler and the
 * headers of an npm package; no node-gyp, no download. Kernels are compiled once per instruction set, the rest once.
 *
 *   node --import=tsx scripts/build-native.ts [--target linux-arm64] [--if-possible]
 *   node --import=tsx scripts/build-native.ts --target linux-arm64 --program test/native/model-driver.c
 *
 * The second form links a program (static, so that an emulator can run it) instead of the addon.
 * MILLRACE_CC names another compiler. Invariant: objects depend on sources, flags and compiler only; what has not
 * changed is not compiled again.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { engineHeader } from './engine-header.ts';
import {
  addonName,
  hostTarget,
  type IsaFlags,
  isasOf,
  librariesOf,
  linkFlagsOf,
  programName,
  targetOf,
  targets,
} from './native-targets.ts';

const root = new URL('../', import.meta.url);
const at = (path: string): string => fileURLToPath(new URL(path, root));
const run = promisify(execFile);

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    program: { type: 'string' },
    'if-possible': { type: 'boolean', default: false },
  },
});
const target = targetOf(values.target ?? hostTarget());

const give = (message: string): never => {
  console.log(`native engine: ${message}`);
  process.exit(values['if-possible'] ? 0 : 1);
};

const compilerOf = (): { command: string; version: string } => {
  const named = process.env['MILLRACE_CC'];
  for (const command of named === undefined ? target.compilers : [named]) {
    try {
      return { command, version: execFileSync(command, ['--version'], { encoding: 'utf8', stdio: 'pipe' }) };
    } catch {
      // the next one
    }
  }
  return give(
    `not built, no C compiler (${named ?? target.compilers.join(', ')}); everything works without it, in WASM`,
  );
};

const compiler = compilerOf();
const headers = at('node_modules/node-api-headers/include');
if (!existsSync(headers)) give('not built, node-api-headers is not installed');

const flags = [
  '-std=gnu11',
  '-O3',
  '-fPIC',
  '-pthread',
  '-fvisibility=hidden',
  '-fno-math-errno',
  // A fused operation is written where it is meant (MADD): every set rounds alike wherever else.
  '-ffp-contract=off',
  '-Wall',
  '-Wextra',
  '-Werror',
  // Vectors wider than a set's registers are passed inside one set only.
  '-Wno-psabi',
  `-I${at('runtime/engine')}`,
  `-I${at('runtime/kernels')}`,
  `-I${at('build/engine')}`,
  `-I${headers}`,
  ...target.flags,
];

const sourcesIn = (folder: string, type: RegExp): string[] =>
  readdirSync(at(folder))
    .filter((name) => type.test(name))
    .map((name) => `${folder}/${name}`)
    .sort();
const folders = ['runtime/engine', 'runtime/engine/native', 'runtime/kernels'];
const headerText = engineHeader();
const headerTexts = folders
  .flatMap((folder) => sourcesIn(folder, /\.h$/))
  .map((file) => readFileSync(at(file), 'utf8'));

interface Unit {
  readonly source: string;
  readonly flags: readonly string[];
}
const kernels = sourcesIn('runtime/kernels', /\.c$/);
const units: Unit[] = [
  { source: 'runtime/engine/engine.c', flags: [] },
  ...(values.program === undefined
    ? []
    : [{ source: values.program, flags: [`-I${at('runtime/engine/native')}`] }]),
  ...sourcesIn('runtime/engine/native', /\.c$/)
    .filter((file) => values.program === undefined || !/\/addon[\w-]*\.c$/.test(file))
    .filter((file) => !/-(posix|windows)\.c$/.test(file) || file.endsWith(`-${target.system}.c`))
    .map((source) => ({ source, flags: [] })),
  ...isasOf(target).flatMap(({ name, flags }: IsaFlags) =>
    kernels.map((source) => ({ source, flags: [`-DISA=${name}`, `-DISA_${name.toUpperCase()}`, ...flags] })),
  ),
];

const objects = at(`build/engine/native-objects/${target.name}/`);
mkdirSync(objects, { recursive: true });
const header = at('build/engine/engine_abi.h');
if (!existsSync(header) || readFileSync(header, 'utf8') !== headerText) writeFileSync(header, headerText);

/** Of a compiler's complaints, enough to see the first. */
const MESSAGE_LINES = 40;
const kept = new Set<string>();
const objectOf = async (unit: Unit): Promise<string> => {
  const text = readFileSync(at(unit.source), 'utf8');
  const parts = [compiler, flags, unit, headerText, headerTexts, text];
  const name = `${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}.o`;
  kept.add(name);
  const object = objects + name;
  if (!existsSync(object)) {
    const partial = `${object}.${process.pid}`;
    await run(compiler.command, [...flags, ...unit.flags, '-c', at(unit.source), '-o', partial]);
    renameSync(partial, object);
  }
  return object;
};

const started = performance.now();
try {
  const paths: string[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < units.length) {
      const i = next++;
      paths[i] = await objectOf(units[i]!);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const name = values.program === undefined ? addonName(target) : programName(target, values.program);
  const output = at(`build/engine/${name}`);
  // Which objects the output was linked from: a link that failed, or an object that went, is noticed.
  const stamp = `${objects}${name}.objects`;
  const linked = paths.join('\n');
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === linked) {
    console.log('native engine: up to date');
  } else {
    const flags = values.program === undefined ? linkFlagsOf(target) : ['-static', '-pthread'];
    const partial = `${output}.${process.pid}`;
    await run(compiler.command, [...flags, ...paths, '-o', partial, ...librariesOf(target, objects)]);
    renameSync(partial, output);
    writeFileSync(stamp, linked);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`native engine: built ${name}, ${readFileSync(output).length} bytes, in ${seconds} s`);
  }
  if (values.program === undefined)
    for (const file of readdirSync(objects))
      if (file.endsWith('.o') && !kept.has(file)) rmSync(objects + file);
} catch (error) {
  const { stderr } = error as { stderr?: string };
  console.error(stderr === undefined ? error : stderr.split('\n').slice(0, MESSAGE_LINES).join('\n'));
  give(`not built, ${compiler.command} failed (targets: ${targets.map(({ name }) => name).join(', ')})`);
}
