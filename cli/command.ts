/** What a command is, and how its arguments are read: unknown options are usage errors. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

export interface Command {
  /** All of `--help`, with an example. */
  readonly help: string;
  /** Returns the exit code. */
  run(args: readonly string[]): Promise<number>;
}

/** Wrong usage: exit code 2, with the command's help. */
export class UsageError extends Error {
  readonly help: string;

  constructor(message: string, help: string) {
    super(message);
    this.help = help;
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;

export interface Arguments {
  readonly positionals: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  list(name: string): readonly string[];
  /** A positive integer. */
  count(name: string): number | undefined;
}

/** Reads arguments against the given options; `positionals` is what each positional is, for the error. */
export function readArguments(
  args: readonly string[],
  options: Options,
  positionals: readonly string[],
  help: string,
): Arguments {
  const given = parse(args, options, help);
  if (given.positionals.length !== positionals.length)
    throw new UsageError(
      `expected ${positionals.join(' ')}, got ${given.positionals.length} arguments`,
      help,
    );
  return given;
}

/** The same for a command that takes any number of positionals. */
export const readArgumentsWithAny = (args: readonly string[], options: Options, help: string): Arguments =>
  parse(args, options, help);

function parse(args: readonly string[], options: Options, help: string): Arguments {
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message, help);
  }
  const { values } = parsed;
  return {
    positionals: parsed.positionals,
    flag: (name) => values[name] === true,
    text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
    list: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    },
    count: (name) => {
      const value = values[name];
      if (typeof value !== 'string') return undefined;
      const count = Number(value);
      if (!Number.isSafeInteger(count) || count < 0)
        throw new UsageError(`--${name}: expected a whole number, got "${value}"`, help);
      return count;
    },
  };
}

/** Splits NAME=VALUE. */
export function assignment(text: string, option: string, help: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw new UsageError(`--${option}: expected NAME=VALUE, got "${text}"`, help);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Options of every command that loads a bundle. */
export const engineOptions = {
  mode: { type: 'string' },
  budget: { type: 'string' },
  threads: { type: 'string' },
  engine: { type: 'string' },
  source: { type: 'string' },
  isa: { type: 'string' },
  deterministic: { type: 'boolean' },
  verify: { type: 'string' },
  prime: { type: 'boolean' },
} as const;

export const engineHelp = `engine options
  --mode MODE        auto, resident (all weights in memory), sequential (read when needed),
                     synchronous (read one segment ahead, in lock-step), stream (read behind the
                     compute, as planned) or mmap (native: as planned, used where the file is mapped)
  --budget SIZE      most memory the model may hold: 8MiB, 64MB, 65536
  --threads N        threads that compute; 1 needs no shared memory (default 1)
  --engine ENGINE    auto (native where it is built), native or wasm
  --source SOURCE    auto, file (through the page cache), direct (past it, Linux) or mmap (native)
  --isa NAME         instruction set: avx512, avx2, neon, baseline, wasm-relaxed-simd or wasm-simd128
                     (default: the best there is; for the native engine, MILLRACE_ISA if it is set)
  --deterministic    the same bits on every machine and engine: no fused multiply-add
  --verify WHEN      compare checksums always (default), first (on the first read only) or never
  --prime            at the end of a run, make the first reads of the next (stream and mmap)
`;
