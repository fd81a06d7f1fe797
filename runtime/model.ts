/**
 * A loaded model: what `load` returns. Invariant: at most one run at a time; between runs nothing is in flight and
 * the arena is idle, so a run that was aborted or failed leaves the model as usable as before. After `close` nothing
 * is left but this object.
 */

import type { Mode } from './bundle/choose.ts';
import { arrayFor, type DType, elementCount, type TypedArray } from './bundle/dtype.ts';
import type { Plan, Port } from './bundle/format.ts';
import type { Engine, EngineKind, Isa } from './engine/engine.ts';
import { MillraceError } from './error.ts';
import type { TraceEvent } from './pipeline/trace.ts';
import type { SourceKind } from './weights/source.ts';

/** An input or output, for people. */
export interface TensorPort {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface RunOptions {
  /** Stops the run at the next step. */
  readonly signal?: AbortSignal | undefined;
}

export interface RunStats {
  readonly latencyMs: number;
  /** Time in which a step waited for its weights. */
  readonly stallMs: number;
  readonly bytesRead: number;
}

/** What a model is made of; released on close. */
export interface ModelParts {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly plan: Plan;
  readonly mode: Mode;
  readonly threadCount: number;
  readonly engine: Engine;
  readonly now: () => number;
  /** Called last, when nothing refers to the other parts any more. */
  readonly reclaim: () => void;
}

export type Tensors = Readonly<Record<string, TypedArray>>;

export class LoadedModel<Inputs = Tensors, Outputs = Tensors> {
  readonly inputs: readonly TensorPort[];
  readonly outputs: readonly TensorPort[];
  /** The plan in force. */
  readonly plan: Plan;
  readonly mode: Mode;
  readonly engine: EngineKind;
  readonly isa: Isa;
  readonly threads: number;
  #source: SourceKind;
  #parts: ModelParts | null;
  #stats: RunStats = { latencyMs: 0, stallMs: 0, bytesRead: 0 };
  #running: Promise<unknown> | null = null;
  #closing: Promise<void> | null = null;

  constructor(parts: ModelParts) {
    this.#parts = parts;
    this.inputs = parts.inputs.map(publicPort);
    this.outputs = parts.outputs.map(publicPort);
    this.plan = parts.plan;
    this.mode = parts.mode;
    this.engine = parts.engine.kind;
    this.isa = parts.engine.isa;
    this.threads = parts.threadCount;
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

  /** What the engine recorded of the last runs, if the model was loaded with `trace: true`. */
  trace(): readonly TraceEvent[] {
    return this.#running === null ? (this.#parts?.engine.trace() ?? []) : [];
  }

  /** One inference: inputs by name in, fresh arrays by name out. */
  async run(inputs: Inputs, options: RunOptions = {}): Promise<Outputs> {
    const parts = this.#parts;
    if (this.#closing !== null || parts === null) throw closed();
    if (this.#running !== null)
      throw new MillraceError('BUSY', 'a run is going on', {
        hint: 'Await it first, or load the model once for each run that shall go on at the same time.',
      });
    const { signal } = options;
    if (signal?.aborted) throw aborted(signal);
    writeInputs(parts, inputs as Tensors);
    const run = this.#execute(parts, signal);
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

  [Symbol.dispose](): void {
    void this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #execute(parts: ModelParts, signal: AbortSignal | undefined): Promise<Tensors> {
    const { engine, now } = parts;
    const stop = (): void => engine.stop();
    const started = now();
    signal?.addEventListener('abort', stop);
    try {
      if (!(await engine.run()))
        throw this.#closing !== null || !signal?.aborted ? closed() : aborted(signal);
      this.#stats = { latencyMs: now() - started, stallMs: engine.stallMs, bytesRead: engine.bytesRead };
      return readOutputs(parts);
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
    this.#parts = null;
    this.#source = parts.engine.source;
    await parts.engine.close();
  }
}

const publicPort = ({ name, dtype, shape }: Port): TensorPort => ({ name, dtype: dtype as DType, shape });

const closed = (): MillraceError => new MillraceError('CLOSED', 'the model is closed');
const aborted = (signal: AbortSignal): MillraceError =>
  new MillraceError('ABORTED', 'the run was aborted', { cause: signal.reason });

function writeInputs({ inputs, engine }: ModelParts, given: Tensors): void {
  if (typeof given !== 'object' || given === null)
    throw new MillraceError('INPUT', 'no inputs', {
      expected: 'an object of typed arrays by input name',
      got: String(given),
    });
  for (const name of Object.keys(given))
    if (!inputs.some((port) => port.name === name))
      throw new MillraceError('INPUT', 'no such input', {
        at: name,
        expected: inputs.map((port) => port.name).join(', ') || 'no inputs',
        got: name,
      });
  for (const port of inputs) checkInput(port, given[port.name]);
  for (const port of inputs) {
    const { buffer, byteOffset, byteLength } = given[port.name]!;
    engine.valueBytes(port.value, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
  }
}

function checkInput(port: Port, given: unknown): void {
  const array = arrayFor(port.dtype as DType);
  const count = elementCount(port.shape);
  if (given instanceof array && given.length === count) return;
  throw new MillraceError('INPUT', given === undefined ? 'missing input' : 'does not fit the input', {
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

function readOutputs({ outputs, engine }: ModelParts): Tensors {
  return Object.fromEntries(
    outputs.map((port) => {
      const data = new (arrayFor(port.dtype as DType))(elementCount(port.shape));
      new Uint8Array(data.buffer).set(engine.valueBytes(port.value, port.byteLength));
      return [port.name, data];
    }),
  );
}
