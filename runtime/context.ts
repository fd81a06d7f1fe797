/**
 * One inference at a time over memory of its own. A model is one context, and `model.context()` makes more of them, that
 * run at the same time. Invariant: between runs nothing is in flight but what is primed for the next, and the arena's
 * values are the caller's, so a run that was aborted or failed leaves the context as usable as before; a run allocates
 * nothing but its outputs, and not these where the caller brings them.
 */

import { MillraceError } from './error.ts';
import { arrayFor, type DType, elementCount, type TypedArray } from './format/dtype.ts';
import type { Port } from './format/format.ts';
import type { Engine } from './pipeline/engine.ts';
import type { TraceEvent } from './pipeline/trace.ts';
import type { SourceKind } from './weights/source.ts';

/** Arrays by name of the input or output. */
export type Tensors = Readonly<Record<string, TypedArray>>;

/** Options of `run`. */
export interface RunOptions<Outputs = Tensors> {
  /** Stops the run at the next step. */
  readonly signal?: AbortSignal | undefined;
  /** Arrays that outputs are written into, by name; the others are fresh. */
  readonly outputs?: Partial<Outputs> | undefined;
}

/** What a run took: milliseconds and bytes. */
export interface RunStats {
  readonly latencyMs: number;
  /** Time in which a step waited for its weights. */
  readonly stallMs: number;
  readonly bytesRead: number;
  /** Tensors taken from malloc, and their bytes: 0, but with `allocation: 'malloc'`. */
  readonly allocations: number;
  readonly allocatedBytes: number;
}

/** What a context is made of. */
export interface ContextParts {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly engine: Engine;
  readonly threadCount: number;
  /** Whether it has the model's resident weights, or none are resident. */
  readonly sharesWeights: boolean;
  readonly now: () => number;
  /** Closes what depends on the engine. */
  readonly dependents?: () => Promise<void>;
  /** Called last, when nothing refers to the engine any more. */
  readonly reclaim: () => void;
  /** For messages: `model` or `context`. */
  readonly what: string;
}

const NO_RUN: RunStats = { latencyMs: 0, stallMs: 0, bytesRead: 0, allocations: 0, allocatedBytes: 0 };

/** One inference at a time, over memory of its own. */
export class Context<Inputs = Tensors, Outputs = Tensors> {
  readonly threads: number;
  /** Whether it holds no resident weights of its own: they are the model's, or there are none. */
  readonly sharesWeights: boolean;
  readonly #what: string;
  #source: SourceKind;
  #parts: ContextParts | null;
  #stats = NO_RUN;
  #running: Promise<unknown> | null = null;
  #closing: Promise<void> | null = null;

  /** @internal `load` and `context` make them. */
  constructor(parts: ContextParts) {
    this.#parts = parts;
    this.#what = parts.what;
    this.threads = parts.threadCount;
    this.sharesWeights = parts.sharesWeights;
    this.#source = parts.engine.source;
  }

  /** How weights are read: `auto` is settled by the first read. */
  get source(): SourceKind {
    return this.#parts?.engine.source ?? this.#source;
  }

  /** Of the last run; zeros before the first. */
  get stats(): RunStats {
    return this.#stats;
  }

  /** `close` has been called. */
  get closed(): boolean {
    return this.#closing !== null;
  }

  /** What the engine recorded of the last runs, if the model was loaded with `trace: true`. */
  trace(): readonly TraceEvent[] {
    return this.#running === null ? (this.#parts?.engine.trace() ?? []) : [];
  }

  /** One inference: inputs by name in, arrays by name out. */
  async run(inputs: Inputs, options: RunOptions<Outputs> = {}): Promise<Outputs> {
    const parts = this.#parts;
    if (this.#closing !== null || parts === null) throw this.#closedError();
    if (this.#running !== null)
      throw new MillraceError('BUSY', 'a run is going on', {
        hint: 'Await it first, or make a context for each run.',
      });
    const { signal } = options;
    if (signal?.aborted) throw aborted(signal);
    const outputs = checkOutputs(parts, options.outputs as Tensors | undefined);
    writeInputs(parts, inputs as Tensors);
    const run = this.#execute(parts, signal, outputs);
    this.#running = run;
    try {
      return (await run) as Outputs;
    } finally {
      this.#running = null;
    }
  }

  /** Ends a run that is going on (it rejects with CLOSED) and releases everything. Resolves when all is released. */
  close(): Promise<void> {
    const { reclaim } = this.#parts ?? {};
    this.#closing ??= this.#release().then(reclaim);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #execute(parts: ContextParts, signal: AbortSignal | undefined, outputs: Tensors): Promise<Tensors> {
    const { engine, now } = parts;
    const stop = (): void => engine.stop();
    const started = now();
    signal?.addEventListener('abort', stop);
    try {
      if (!(await engine.run()))
        throw this.#closing !== null || !signal?.aborted ? this.#closedError() : aborted(signal);
      const { stallMs, bytesRead, allocations, allocatedBytes } = engine;
      this.#stats = { latencyMs: now() - started, stallMs, bytesRead, allocations, allocatedBytes };
      return readOutputs(parts, outputs);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  async #release(): Promise<void> {
    const parts = this.#parts;
    if (parts === null) return;
    if (this.#running !== null) parts.engine.stop();
    // The run tells its own caller how it ended.
    await this.#running?.catch(() => {});
    await parts.dependents?.();
    this.#parts = null;
    this.#source = parts.engine.source;
    await parts.engine.close();
  }

  #closedError(): MillraceError {
    return new MillraceError('CLOSED', `the ${this.#what} is closed`);
  }
}

const aborted = (signal: AbortSignal): MillraceError =>
  new MillraceError('ABORTED', 'the run was aborted', { cause: signal.reason });

function writeInputs({ inputs, engine }: ContextParts, given: Tensors): void {
  if (typeof given !== 'object' || given === null)
    throw new MillraceError('INPUT', 'no inputs', {
      expected: 'an object of typed arrays by input name',
      got: String(given),
    });
  checkNames('input', inputs, given);
  for (const port of inputs) checkArray('input', port, arrayOf(given, port));
  for (const port of inputs) {
    const { buffer, byteOffset, byteLength } = arrayOf(given, port)!;
    engine.valueBytes(port.value, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
  }
}

function checkOutputs({ outputs }: ContextParts, given: Tensors | undefined): Tensors {
  if (given === undefined) return {};
  checkNames('output', outputs, given);
  for (const port of outputs) {
    const array = arrayOf(given, port);
    if (array !== undefined) checkArray('output', port, array);
  }
  return given;
}

/** What the caller gave for a port, which may be called `constructor`: what every object has is not given. */
const arrayOf = (given: Tensors, { name }: Port): TypedArray | undefined =>
  Object.hasOwn(given, name) ? given[name] : undefined;

function checkNames(what: 'input' | 'output', ports: readonly Port[], given: Tensors): void {
  for (const name of Object.keys(given))
    if (!ports.some((port) => port.name === name))
      throw new MillraceError('INPUT', `no such ${what}`, {
        at: name,
        expected: ports.map((port) => port.name).join(', ') || `no ${what}s`,
        got: name,
      });
}

function checkArray(what: 'input' | 'output', port: Port, given: unknown): void {
  const array = arrayFor(port.dtype as DType);
  const count = elementCount(port.shape);
  if (given instanceof array && given.length === count) return;
  throw new MillraceError('INPUT', given === undefined ? `missing ${what}` : `does not fit the ${what}`, {
    at: port.name,
    expected: `${array.name} of ${count} (${port.dtype}[${port.shape.join(',')}])`,
    got: describe(given),
  });
}

function describe(given: unknown): string {
  if (given === null || typeof given !== 'object') return String(given);
  const length = (given as { length?: unknown }).length;
  return `${given.constructor?.name ?? 'object'}${typeof length === 'number' ? ` of ${length}` : ''}`;
}

function readOutputs({ outputs, engine }: ContextParts, given: Tensors): Tensors {
  return Object.fromEntries(
    outputs.map((port) => {
      let count = elementCount(port.shape);
      const sized = outputs[port.sized!];
      if (sized) {
        const { buffer } = engine.valueBytes(sized.value, sized.byteLength).slice();
        // What lies behind the true extents is of no meaning.
        count = Math.min(count, Number(new BigUint64Array(buffer).reduce((a, b) => a * b, 1n)));
      }
      const array = arrayOf(given, port) ?? new (arrayFor(port.dtype as DType))(count);
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      bytes.set(engine.valueBytes(port.value, bytes.length));
      return [port.name, array];
    }),
  );
}
