/** What a loaded model asks of an engine, whichever it is: WASM driven from TypeScript, or the native addon. */
import type { ValueMemory } from '../engine/host.ts';
import type { Isa } from '../engine/isa.ts';
import type { SourceKind } from '../weights/source.ts';
import type { TraceEvent } from './trace.ts';

export const engineKinds = ['native', 'wasm'] as const;

/** The engine that runs a model. */
export type EngineKind = (typeof engineKinds)[number];

export interface Engine extends ValueMemory {
  readonly kind: EngineKind;
  readonly isa: Isa;
  /** What serves the reads; `auto` may be settled by the first of them. */
  readonly source: SourceKind;
  /** Time of the last run in which a step waited for its weights, and the bytes that arrived in it. */
  readonly stallMs: number;
  readonly bytesRead: number;
  /** Tensors that the last run took from malloc, and their bytes: 0 but with `allocation: 'malloc'`. */
  readonly allocations: number;
  readonly allocatedBytes: number;
  /** One run over the inputs that are in place; false if it was stopped. When it has settled, nothing is in flight but
   * what is primed for the next. */
  run(): Promise<boolean>;
  /** Ends a run that is going on at its next step. */
  stop(): void;
  /** What was recorded, oldest first; nothing unless the model was loaded with `trace`. */
  trace(): readonly TraceEvent[];
  /**
   * Another engine over the same plan, with memory and threads of its own, that can run at the same time. Native: it
   * has this one's resident weights, and this one must be closed after it. WASM: it holds its own copy of them.
   */
  context(threads: number): Promise<Engine>;
  /** Releases everything; no run is going on. */
  close(): Promise<void>;
}
