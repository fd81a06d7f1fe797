/** What the native engine is built for: compilers that can, instruction sets, and how an addon is linked there. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Target {
  /** `<platform>-<arch>[-musl]`, as in the addon's name. */
  readonly name: string;
  readonly platform: 'linux' | 'darwin' | 'win32';
  readonly arch: 'x64' | 'arm64';
  readonly system: 'posix' | 'windows';
  /** Tried in this order. */
  readonly compilers: readonly string[];
  readonly flags: readonly string[];
  readonly libraries: readonly string[];
}

export interface IsaFlags {
  readonly name: string;
  readonly flags: readonly string[];
}

const linux = (arch: 'x64' | 'arm64', musl: boolean): Target => {
  const cpu = arch === 'x64' ? 'x86_64' : 'aarch64';
  const name = `linux-${arch}${musl ? '-musl' : ''}`;
  const cross = musl
    ? [`${cpu}-linux-musl-gcc`, ...(arch === 'x64' ? ['musl-gcc'] : [])]
    : [`${cpu}-linux-gnu-gcc`];
  return {
    name,
    platform: 'linux',
    arch,
    system: 'posix',
    compilers: name === hostTarget() ? ['cc', 'gcc', 'clang', ...cross] : cross,
    // musl's own headers leave out the kernel's; those of a glibc system are the same, looked for last.
    flags: ['-D_GNU_SOURCE', ...(musl ? kernelHeaders(cpu) : [])],
    libraries: ['-lm'],
  };
};

const kernelHeaders = (cpu: string): string[] =>
  ['/usr/include', `/usr/include/${cpu}-linux-gnu`].flatMap((folder) => ['-idirafter', folder]);

/** What this Node runs on. */
export function hostTarget(): string {
  const base = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return base;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined ? `${base}-musl` : base;
}

export const targets: readonly Target[] = [
  linux('x64', false),
  linux('arm64', false),
  linux('x64', true),
  linux('arm64', true),
  ...(['arm64', 'x64'] as const).map(
    (arch): Target => ({
      name: `darwin-${arch}`,
      platform: 'darwin',
      arch,
      system: 'posix',
      compilers: ['cc', 'clang'],
      flags: ['-arch', arch === 'x64' ? 'x86_64' : 'arm64', '-mmacosx-version-min=11.0'],
      libraries: [],
    }),
  ),
  {
    name: 'win32-x64',
    platform: 'win32',
    arch: 'x64',
    system: 'windows',
    compilers: ['x86_64-w64-mingw32-gcc'],
    // The system aligns stacks to 16 bytes and gcc relies on 32 and 64 for wide vectors (GCC bug 54412).
    flags: ['-D_WIN32_WINNT=0x0A00', '-Wa,-muse-unaligned-vector-move'],
    libraries: ['-lsynchronization'],
  },
];

export function targetOf(name: string): Target {
  const target = targets.find((entry) => entry.name === name);
  if (target !== undefined) return target;
  console.log(
    `native engine: no target ${name} (there are ${targets.map((entry) => entry.name).join(', ')})`,
  );
  process.exit(process.argv.includes('--if-possible') ? 0 : 1);
}

/** Instruction sets of a target; `baseline` is what every such processor has, without fused multiply-add. */
export const isasOf = ({ arch }: Target): readonly IsaFlags[] =>
  arch === 'arm64'
    ? [
        { name: 'baseline', flags: [] },
        { name: 'neon', flags: [] },
      ]
    : [
        { name: 'baseline', flags: [] },
        { name: 'avx2', flags: ['-mavx2', '-mfma', '-mf16c'] },
        {
          name: 'avx512',
          flags: ['-mavx2', '-mfma', '-mf16c', '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl'],
        },
      ];

export const addonName = ({ name }: Target): string => `engine-${name}.node`;

/** The package that carries the addon; the runtime asks for it by this name (runtime/platform/node/addon.ts). */
export const packageName = ({ name }: Target): string => `@millrace/${name}`;

/** `test/native/model-driver.c` → `model-driver-linux-arm64`. */
export const programName = ({ name }: Target, source: string): string =>
  `${source.replace(/.*\/|\.c$/g, '')}-${name}`;

export function linkFlagsOf(target: Target): readonly string[] {
  switch (target.platform) {
    case 'linux':
      return [
        '-shared',
        '-pthread',
        '-Wl,-z,noexecstack',
        '-Wl,-z,defs,--unresolved-symbols=ignore-all',
        '-s',
      ];
    case 'darwin':
      return ['-bundle', '-undefined', 'dynamic_lookup', ...target.flags.slice(0, 2)];
    case 'win32':
      return ['-shared', '-static-libgcc', '-s'];
  }
}

/** What follows the objects; on Windows first Node's symbols, into a library in `folder`. */
export const librariesOf = (target: Target, folder: string): readonly string[] =>
  target.platform === 'win32' ? [importLibrary(folder), ...target.libraries] : target.libraries;

/** Node's N-API symbols for MinGW's linker, from the definition file of node-api-headers. */
function importLibrary(folder: string): string {
  const definitions = fileURLToPath(
    new URL('../node_modules/node-api-headers/def/node_api.def', import.meta.url),
  );
  const library = `${folder}node_api.a`;
  execFileSync('x86_64-w64-mingw32-dlltool', ['-d', definitions, '-D', 'node.exe', '-l', library]);
  return library;
}
