/**
 * The bundle's `index.d.ts`: what its user's editor shows. It stands alone (a device has no Millrace installed), so
 * the runtime's option types are written out; `test/codegen` checks that they are those of `runtime/`.
 */
import { isas } from '../../runtime/engine/isa.ts';
import { defaultInFlight } from '../../runtime/options.ts';
import type { PortDocs } from '../ir/graph.ts';
import type { DType, TensorType } from '../ir/types.ts';
import type { SchedulePort } from '../schedule/schedule.ts';

const arrays: Record<DType, string> = {
  float32: 'Float32Array',
  float16: 'Uint16Array',
  float64: 'Float64Array',
  int8: 'Int8Array',
  uint8: 'Uint8Array',
  int16: 'Int16Array',
  uint16: 'Uint16Array',
  int32: 'Int32Array',
  uint32: 'Uint32Array',
  int64: 'BigInt64Array',
  uint64: 'BigUint64Array',
  bool: 'Uint8Array',
};

const notes: Partial<Record<DType, string>> = {
  float16: ' The 16 bits of each number.',
  bool: ' One byte each, 0 or 1.',
};

export function emitDeclarations(
  model: string,
  inputs: readonly SchedulePort[],
  outputs: readonly SchedulePort[],
  compiler: string,
  docs?: PortDocs,
): string {
  return [
    `// The network "${model.replace(/[^\x20-\x7e]/g, ' ')}", compiled by ${compiler}.`,
    '',
    '/** What `run` takes: dense, row-major arrays of exactly the shapes given. */',
    'export interface Inputs {',
    ...inputs.flatMap((port) => field(port, docs?.inputs.get(port.name))),
    '}',
    '',
    '/** What `run` returns, in arrays of its own. */',
    'export interface Outputs {',
    ...outputs.flatMap((port) => field(port, docs?.outputs.get(port.name))),
    '}',
    '',
    runtimeDeclarations,
  ].join('\n');
}

/** A property; what the model's author says of it comes first. */
function field({ name, type }: SchedulePort, doc?: string): string[] {
  const shape = `${formatShape(type)}.${notes[type.dtype] ?? ''}`;
  // The text may come from a model file, and must not end the comment.
  const words = doc === undefined ? [] : doc.replaceAll('*/', '*\\/').split(/\r?\n/);
  const comment =
    words.length === 0
      ? [`  /** ${shape} */`]
      : ['  /**', ...[...words, '', shape].map((line) => `   * ${line}`.trimEnd()), '   */'];
  return [...comment, `  readonly ${propertyName(name)}: ${arrays[type.dtype]};`];
}

const formatShape = (type: TensorType): string => `${type.dtype} [${type.shape.join(', ')}]`;

const propertyName = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);

const runtimeDeclarations = `export interface Port {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** The memory plan in force: bytes, and milliseconds predicted for the device assumed when compiling. */
export interface Plan {
  readonly name: string;
  readonly peakBytes: number;
  readonly lowerBoundBytes: number;
  readonly activationBytes: number;
  readonly weightBytes: number;
  readonly scratchBytes: number;
  readonly residentBytes: number;
  readonly depth: number;
  readonly predictedMs: number;
  readonly predictedResidentMs: number;
}

export interface LoadOptions {
  /** Most memory the model may hold, in bytes or as '8MiB'. The largest stored plan that fits is used. */
  readonly budget?: number | string;
  /** native: the addon for this platform. wasm: needs none. auto (the default): native where the addon is found. */
  readonly engine?: 'auto' | 'native' | 'wasm';
  /**
   * resident: all weights read once. sequential: read when needed. synchronous: one segment ahead, in lock-step. stream:
   * read as planned, behind the compute. mmap (native): as planned, and used where the file is mapped.
   */
  readonly mode?: 'auto' | 'resident' | 'sequential' | 'synchronous' | 'stream' | 'mmap';
  /** Name of a stored plan, instead of the largest that fits. */
  readonly plan?: string;
  /** Threads that compute, 1 by default. WASM: 1 is the calling thread, more are workers over shared memory. */
  readonly threads?: number;
  /** file: through the page cache. direct: past it (Linux). mmap (native): the page cache, in place. */
  readonly source?: 'auto' | 'file' | 'direct' | 'mmap';
  /** Use only instructions whose results are the same on every machine and engine. */
  readonly deterministic?: boolean;
  /** The instruction set to run on, instead of the best there is; it implies the engine. */
  readonly isa?: ${isas.map((isa) => `'${isa}'`).join(' | ')};
  /** When the checksum of a segment is compared: on every read (the default), on the first, never. */
  readonly verify?: 'always' | 'first' | 'never';
  /** Most reads in flight at a time. Default ${defaultInFlight.wasm}, native ${defaultInFlight.native}. */
  readonly inFlight?: number;
  /** At the end of a run, make the first reads of the next, where the plan leaves room; for modes stream and mmap. */
  readonly prime?: boolean;
  /** Record what happens when, for Model.trace. */
  readonly trace?: boolean;
  /** malloc (native): activations and scratch are taken from malloc instead of the plan; for comparison only. */
  readonly allocation?: 'planned' | 'malloc';
}

export interface RunOptions {
  /** Stops the run at the next step; the model stays usable. */
  readonly signal?: AbortSignal;
  /** Arrays that outputs are written into, by name; the others are fresh. */
  readonly outputs?: Partial<Outputs>;
}

/** Of the last run. */
export interface RunStats {
  readonly latencyMs: number;
  /** Time in which a step waited for its weights. */
  readonly stallMs: number;
  readonly bytesRead: number;
  /** Tensors taken from malloc, and their bytes: 0, but with \`allocation: 'malloc'\`. */
  readonly allocations: number;
  readonly allocatedBytes: number;
}

export interface ContextOptions {
  /** Threads that compute for this context, 1 by default. */
  readonly threads?: number;
  /** true: an OPTION error rather than a second copy of resident weights, which a context in WASM needs. */
  readonly shareWeights?: boolean;
}

/** One inference at a time, in memory of its own, beside those of the model and of other contexts. */
export interface Context {
  readonly threads: number;
  /** Whether it holds no resident weights of its own: they are the model's, or there are none. */
  readonly sharesWeights: boolean;
  readonly source: string;
  readonly closed: boolean;
  readonly stats: RunStats;
  /** What was recorded of the last runs, if loaded with \`trace: true\`; empty while a run is going on. */
  trace(): readonly TraceEvent[];
  run(inputs: Inputs, options?: RunOptions): Promise<Outputs>;
  /** Gives the memory back, once a run that is going on has been stopped (it rejects). */
  close(): Promise<void>;
}

/** Something that took time: a step, another thread's work in it, a wait for a segment, its read, a whole run. */
export interface TraceEvent {
  readonly what: 'step' | 'work' | 'wait' | 'read' | 'run';
  /** Of the step or segment. */
  readonly id: number;
  readonly layer: string;
  readonly thread: number;
  readonly startMs: number;
  readonly endMs: number;
}

export interface Model {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** What was chosen at load. */
  readonly plan: Plan;
  readonly mode: 'resident' | 'sequential' | 'synchronous' | 'stream' | 'mmap';
  readonly engine: 'native' | 'wasm';
  readonly isa: string;
  readonly threads: number;
  readonly source: string;
  readonly stats: RunStats;
  /** One inference at a time. */
  run(inputs: Inputs, options?: RunOptions): Promise<Outputs>;
  /** What was recorded of the last runs, if loaded with \`trace: true\`; empty while a run is going on. */
  trace(): readonly TraceEvent[];
  /** A context whose runs go on beside the model's. Native: resident weights are held once, however many there are. */
  context(options?: ContextOptions): Promise<Context>;
  /** Whether \`close\` has been called. */
  readonly closed: boolean;
  /** Closes the contexts, then gives the memory back, once runs that are going on have been stopped (they reject). */
  close(): Promise<void>;
}

/** Loads the network of this folder. Errors are MillraceError, with a \`code\`. */
export declare function load(options?: LoadOptions): Promise<Model>;
`;
