/**
 * The kernels compiled for an instruction set by the system's C compiler, in a process that runs one call at a time:
 * see test/native/kernel-driver.c. Invariant: what can't be built or run here has a reason, and is left out with it.
 *
 * arm64 is cross-compiled and runs under qemu-user where both are installed.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { engineHeader } from '../../scripts/engine-header.ts';

interface Isa {
  readonly arch: 'x64' | 'arm64';
  readonly flags: readonly string[];
}

const isas = {
  'native-baseline': { arch: 'x64', flags: [] },
  'native-avx2': { arch: 'x64', flags: ['-mavx2', '-mfma', '-mf16c'] },
  'native-avx512': {
    arch: 'x64',
    flags: ['-mavx2', '-mfma', '-mf16c', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl'],
  },
  'native-neon': { arch: 'arm64', flags: [] },
} as const satisfies Record<string, Isa>;

export type NativeVariant = keyof typeof isas;
export const nativeVariants = Object.keys(isas) as NativeVariant[];

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = `${root}build/native-test/`;
const flags = [
  '-std=gnu11',
  '-O3',
  '-fno-math-errno',
  // A fused operation is written where it is meant.
  '-ffp-contract=off',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wno-psabi',
  '-pthread',
  `-I${root}runtime/engine`,
  `-I${root}runtime/kernels`,
  `-I${folder}`,
];

const works = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** How programs for the architecture are compiled and run here. */
const toolsOf = (arch: Isa['arch']): { cc: string; run: readonly string[] } | string => {
  const cc = process.env['MILLRACE_TEST_CC'] ?? 'cc';
  if (arch === process.arch) return works(cc, ['--version']) ? { cc, run: [] } : 'no C compiler';
  if (arch !== 'arm64') return 'another architecture';
  const cross = 'aarch64-linux-gnu-gcc';
  if (!works(cross, ['--version'])) return `no ${cross}`;
  return works('qemu-aarch64', ['--version'])
    ? { cc: cross, run: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'] }
    : 'no qemu-aarch64';
};

const textsIn = (directory: string, type: RegExp): readonly (readonly [string, string])[] =>
  readdirSync(root + directory)
    .filter((name) => type.test(name))
    .sort()
    .map((name) => [`${root}${directory}/${name}`, readFileSync(`${root}${directory}/${name}`, 'utf8')]);

const writeWhole = (path: string, text: string): void => {
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
};

/** Compiles what has changed; the path of the program. */
const build = (cc: string, variant: NativeVariant): string => {
  mkdirSync(folder, { recursive: true });
  const header = engineHeader();
  writeWhole(`${folder}engine_abi.h`, header);
  const version = execFileSync(cc, ['--version'], { encoding: 'utf8' });
  const headers = [...textsIn('runtime/kernels', /\.h$/), ...textsIn('runtime/engine', /\.h$/)];
  const common = [version, flags, isas[variant].flags, header, headers];
  const sources = [...textsIn('runtime/kernels', /\.c$/), ...textsIn('test/native', /^kernel-driver\.c$/)];
  const objects = sources.map(([path, text]) => {
    const digest = createHash('sha256')
      .update(JSON.stringify([...common, path, text]))
      .digest('hex');
    const object = `${folder}${variant}-${digest.slice(0, 24)}.o`;
    if (!existsSync(object)) {
      const partial = `${object}.${process.pid}`;
      execFileSync(cc, [...flags, ...isas[variant].flags, '-c', path, '-o', partial], { stdio: 'pipe' });
      renameSync(partial, object);
    }
    return object;
  });
  const digest = createHash('sha256').update(JSON.stringify(objects)).digest('hex');
  const program = `${folder}${variant}-${digest.slice(0, 24)}`;
  if (!existsSync(program)) {
    execFileSync(cc, ['-pthread', ...objects, '-o', `${program}.${process.pid}`, '-lm'], { stdio: 'pipe' });
    renameSync(`${program}.${process.pid}`, program);
  }
  const kept = new Set([...objects, program]);
  for (const name of readdirSync(folder))
    if (name.startsWith(`${variant}-`) && !kept.has(folder + name)) rmSync(folder + name, { force: true });
  return program;
};

const what = { LOAD: 0, FETCH: 1, REPLAY: 2, PEAK: 3 } as const;
const RESULT_BYTES = 16;

export interface Replayed {
  readonly status: number;
  readonly detail: number;
  /** The shortest of the repetitions. */
  readonly seconds: number;
}

/** A running driver. It ends when this process does, at the end of its pipe. */
export class Driver {
  readonly #requests: number;
  readonly #answers: number;

  constructor(command: readonly string[]) {
    const pipes = mkdtempSync(`${tmpdir()}/millrace-`);
    const [requests, answers] = [`${pipes}/requests`, `${pipes}/answers`];
    execFileSync('mkfifo', [requests, answers]);
    spawn(command[0]!, [...command.slice(1), requests, answers], { stdio: 'ignore' }).unref();
    // Each of these waits for the driver to open the other end.
    this.#requests = openSync(requests, 'w');
    this.#answers = openSync(answers, 'r');
    rmSync(pipes, { recursive: true });
  }

  load(from: number, bytes: Uint8Array): void {
    this.#request([what.LOAD, from, bytes.length]);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#requests, bytes, at);
  }

  fetch(from: number, bytes: Uint8Array): void {
    this.#request([what.FETCH, from, bytes.length]);
    this.#read(bytes);
  }

  replay(program: number, addresses: number, values: number, repeats: number, threads: number): Replayed {
    this.#request([what.REPLAY, 0, 0, program, addresses, values, repeats, threads]);
    return this.#result();
  }

  /** Multiply-adds per second of registers alone, the best of `repeats`. */
  peak(repeats: number): number {
    this.#request([what.PEAK, 0, 0, 0, 0, 0, repeats]);
    const { detail, seconds } = this.#result();
    return (detail * 1000) / seconds;
  }

  close(): void {
    closeSync(this.#requests);
    closeSync(this.#answers);
  }

  #request(words: readonly number[]): void {
    const request = new Int32Array(8);
    request.set(words);
    writeSync(this.#requests, new Uint8Array(request.buffer));
  }

  #result(): Replayed {
    const bytes = new Uint8Array(RESULT_BYTES);
    this.#read(bytes);
    const view = new DataView(bytes.buffer);
    return {
      status: view.getInt32(0, true),
      detail: view.getInt32(4, true),
      seconds: view.getFloat64(8, true),
    };
  }

  #read(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(this.#answers, bytes, at, bytes.length - at, null);
      if (count === 0) throw new Error('the kernel driver has ended');
      at += count;
    }
  }
}

/** Starts the driver of a variant, building it if need be; or the reason why it can't. */
export const startDriver = (variant: NativeVariant): Driver | string => {
  const tools = toolsOf(isas[variant].arch);
  if (typeof tools === 'string') return tools;
  const command = [...tools.run, build(tools.cc, variant)];
  return works(command[0]!, command.slice(1)) ? new Driver(command) : 'the processor lacks the instructions';
};
