/** The options of `load`, checked by name: a misspelt option is an error, never a silent default. */

import type { Executor } from './engine/executor.ts';
import { type Isa, isas, type WasmIsa, wasmIsas } from './engine/isa.ts';
import { MillraceError } from './error.ts';
import { type Mode, modes } from './format/choose.ts';
import { type EngineKind, engineKinds } from './pipeline/engine.ts';
import type { Verify } from './pipeline/loader-parts.ts';
import { parseSize } from './size.ts';
import { type SourceWish, sourceWishes } from './weights/source.ts';

/**
 * Reads in flight where the caller names no number. WASM: as many as Node has threads for them. Native, where a reader
 * also takes the checksum: while one does that and one is being woken, one waits for the disk.
 */
export const defaultInFlight: Readonly<Record<EngineKind, number>> = { native: 3, wasm: 4 };

/** Options of `load`, all of them optional. */
export interface LoadOptions {
  /** native: the addon for this platform. wasm: needs none. auto (default): native where the addon is found. */
  readonly engine?: 'auto' | EngineKind | undefined;
  /** Most bytes the model may hold: `8MiB`, `64MB` or a number. The largest stored plan that fits is taken. */
  readonly budget?: number | string | undefined;
  /** auto (default): as the plan says. resident: all weights in memory. sequential: a segment is read when it is
   * needed, nothing overlaps. synchronous: one segment ahead of the compute, in lock-step. stream: reads run ahead as
   * planned. mmap (native): the same, but segments are used where they lie in the mapped file. All give the same
   * bits on one instruction set. */
  readonly mode?: 'auto' | Mode | undefined;
  /** Name of a stored plan, instead of the largest that fits. */
  readonly plan?: string | undefined;
  /** Threads that compute, 1 by default. Native: threads of the addon; the event loop is free. WASM: 1 is the calling
   * isolate, which gets a turn of its event loop every few milliseconds; 2 and more are as many worker threads. */
  readonly threads?: number | undefined;
  /** file: through the system's file cache. direct: around it. mmap (native): the file cache, in place. auto (default):
   * file when everything stays resident, else direct where the system can. */
  readonly source?: SourceWish | undefined;
  /** true: the same bits on every machine and engine; false (default): fused multiply-add and the widest vectors the
   * machine has, whose bits are the same for one `isa` only. */
  readonly deterministic?: boolean | undefined;
  /** The instruction set to run on, as `model.isa` says it afterwards; it implies the engine. By default the best there
   * is, or with `deterministic` the one whose bits are the same everywhere. Another one is an ENGINE error. */
  readonly isa?: Isa | undefined;
  /** When a segment's CRC-32 is checked: each time it is read (default), the first time, never. */
  readonly verify?: Verify | undefined;
  /** Most reads in flight at a time; by default what `defaultInFlight` says of the engine. */
  readonly inFlight?: number | undefined;
  /** true: at the end of a run, where its plan leaves room, the first reads of the next are made, also while the caller
   * handles outputs; so runs that follow each other wait less for their first weights. Same memory, same bits. A read
   * that fails then fails the next run. For modes stream and mmap: an OPTION error with another mode that is named,
   * without effect where `auto` keeps all weights in memory. Default false: between runs nothing is in flight. */
  readonly prime?: boolean | undefined;
  /** Record what happens when, for `model.trace()`: half a megabyte beside the planned memory. */
  readonly trace?: boolean | undefined;
  /** planned (default): every byte has its address before the first run. malloc (native): activations and scratch are
   * taken from malloc when they are first written and given back after their last use; for comparison only. */
  readonly allocation?: 'planned' | 'malloc' | undefined;
  /** @internal The bundle's executor, if it has been imported already. */
  readonly executor?: Executor | undefined;
}

export interface CheckedOptions {
  readonly engine: 'auto' | EngineKind;
  readonly budget: number | undefined;
  readonly mode: 'auto' | Mode;
  readonly plan: string | undefined;
  readonly threads: number;
  readonly source: SourceWish;
  readonly deterministic: boolean;
  readonly isa: Isa | undefined;
  readonly verify: Verify;
  readonly inFlight: number | undefined;
  readonly prime: boolean;
  readonly trace: boolean;
  readonly allocation: 'planned' | 'malloc';
  readonly executor: Executor | undefined;
}

export const MAX_THREADS = 64;
const MAX_IN_FLIGHT = 64;

export function checkOptions(options: LoadOptions): CheckedOptions {
  const checked: CheckedOptions = {
    budget: options.budget === undefined ? undefined : parseSize(options.budget, 'budget'),
    engine: oneOf('engine', options.engine ?? 'auto', ['auto', ...engineKinds]),
    mode: oneOf('mode', options.mode ?? 'auto', ['auto', ...modes]),
    plan: options.plan,
    threads: count('threads', options.threads ?? 1, MAX_THREADS),
    source: oneOf('source', options.source ?? 'auto', sourceWishes),
    deterministic: oneOf('deterministic', options.deterministic ?? false, [true, false]),
    isa: options.isa === undefined ? undefined : oneOf('isa', options.isa, isas),
    verify: oneOf('verify', options.verify ?? 'always', ['always', 'first', 'never']),
    inFlight: options.inFlight === undefined ? undefined : count('inFlight', options.inFlight, MAX_IN_FLIGHT),
    prime: oneOf('prime', options.prime ?? false, [true, false]),
    trace: oneOf('trace', options.trace ?? false, [true, false]),
    allocation: oneOf('allocation', options.allocation ?? 'planned', ['planned', 'malloc']),
    executor: options.executor,
  };
  for (const name of Object.keys(options))
    if (!Object.hasOwn(checked, name))
      throw new MillraceError('OPTION', 'unknown option', {
        at: name,
        expected: Object.keys(checked).join(', '),
        got: name,
      });
  checkTogether(checked);
  return { ...checked, engine: engineFor(checked) };
}

/** What options say of each other. */
function checkTogether(checked: CheckedOptions): void {
  if (checked.mode === 'mmap' && checked.source !== 'auto' && checked.source !== 'mmap')
    throw new MillraceError('OPTION', 'mode mmap has a source of its own', {
      at: 'source',
      expected: 'auto, mmap',
      got: checked.source,
    });
  if (checked.prime && !['auto', 'stream', 'mmap'].includes(checked.mode))
    throw new MillraceError('OPTION', `mode ${checked.mode} reads nothing ahead of a run`, {
      at: 'prime',
      expected: 'mode auto, stream or mmap',
      got: checked.mode,
    });
  const exact: readonly (Isa | undefined)[] = [undefined, 'baseline', 'wasm-simd128'];
  if (checked.deterministic && !exact.includes(checked.isa))
    throw new MillraceError('OPTION', `${checked.isa} has bits of its own`, {
      at: 'isa',
      expected: 'baseline or wasm-simd128 with deterministic: true',
      got: String(checked.isa),
    });
}

/** The engine that the options leave to choose from: some are of one engine only. */
function engineFor(checked: CheckedOptions): 'auto' | EngineKind {
  const { engine, isa, mode, source, allocation } = checked;
  const refuse = (at: string, what: string, got: string, hint: string): MillraceError =>
    new MillraceError('OPTION', what, { at, got, hint });
  const others = 'Use engine auto or native';
  if (isWasm(isa)) {
    if (engine === 'native')
      throw refuse('isa', 'an instruction set of WASM', isa, 'Use engine auto or wasm.');
    return engineFor({ ...checked, engine: 'wasm', isa: undefined });
  }
  if (engine === 'wasm') {
    if (mode === 'mmap' || source === 'mmap')
      throw refuse(
        mode === 'mmap' ? 'mode' : 'source',
        'WASM can not map files',
        'mmap',
        `${others}, or mode stream.`,
      );
    if (allocation === 'malloc') throw refuse('allocation', 'WASM has no malloc', 'malloc', `${others}.`);
    if (isa !== undefined) throw refuse('isa', 'an instruction set of the native engine', isa, `${others}.`);
    return 'wasm';
  }
  const needsNative = mode === 'mmap' || source === 'mmap' || allocation === 'malloc' || isa !== undefined;
  return needsNative ? 'native' : engine;
}

const isWasm = (isa: Isa | undefined): isa is WasmIsa => wasmIsas.some((name) => name === isa);

function oneOf<T>(at: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new MillraceError('OPTION', 'not a choice', { at, expected: allowed.join(', '), got: String(value) });
}

export function count(at: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new MillraceError('OPTION', 'not a count', {
    at,
    expected: `an integer, 1 to ${most}`,
    got: String(value),
  });
}
