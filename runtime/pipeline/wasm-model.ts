/** The WASM engine as a loaded model sees it: engine, loader, threads and source put together by TypeScript. */
import type { WasmIsa } from '../engine/isa.ts';
import type { Threads } from '../engine/threads.ts';
import type { SourceKind, WeightSource } from '../weights/source.ts';
import { type Drive, runAlone, runOnThreads } from './drive.ts';
import type { Engine } from './engine.ts';
import { eventsOf, type LayerOf, type TraceEvent, type TraceRing } from './trace.ts';

export interface WasmParts {
  readonly drive: Drive;
  /** null: the calling isolate runs the engine. */
  readonly threads: Threads | null;
  readonly source: WeightSource;
  readonly isa: WasmIsa;
  readonly trace: TraceRing | null;
  readonly layerOf: LayerOf;
  /** Opens the same bundle, plan and source once more. */
  readonly again: (threads: number) => Promise<Engine>;
}

export class WasmModel implements Engine {
  readonly kind = 'wasm';
  readonly allocations = 0;
  readonly allocatedBytes = 0;
  readonly isa: WasmIsa;
  #parts: WasmParts | null;
  #source: SourceKind;

  constructor(parts: WasmParts) {
    this.#parts = parts;
    this.isa = parts.isa;
    this.#source = parts.source.kind;
  }

  get source(): SourceKind {
    return this.#parts?.source.kind ?? this.#source;
  }

  get stallMs(): number {
    return this.#parts?.drive.loader.stallMs ?? 0;
  }

  get bytesRead(): number {
    return this.#parts?.drive.loader.bytesRead ?? 0;
  }

  valueBytes(value: number, byteLength: number): Uint8Array {
    return this.#parts!.drive.engine.valueBytes(value, byteLength);
  }

  async run(): Promise<boolean> {
    const { drive, threads, trace } = this.#parts!;
    const { loader, now } = drive;
    const started = now();
    let done = false;
    try {
      done = await (threads === null ? runAlone(drive) : runOnThreads(drive, threads));
      if (!done && loader.failure !== null) throw loader.failure;
      trace?.record('run', 0, started, now());
      return done;
    } finally {
      await loader.settle(done);
    }
  }

  stop(): void {
    const drive = this.#parts?.drive;
    drive?.engine.control.set('stop', 1);
    drive?.loader.interrupt();
  }

  trace(): readonly TraceEvent[] {
    const { trace, layerOf, threads, drive } = this.#parts ?? {};
    if (!trace || !layerOf || !drive) return [];
    const seen = trace.events(layerOf);
    if (!threads) return seen;
    // Threads know best when they waited; the loader's clock counts from this isolate's beginning.
    const recorded = eventsOf(drive.engine.traceRows(), layerOf).map((event) => ({
      ...event,
      startMs: event.startMs - performance.timeOrigin,
      endMs: event.endMs - performance.timeOrigin,
    }));
    return [...seen.filter(({ what }) => what !== 'wait'), ...recorded].sort((a, b) => a.endMs - b.endMs);
  }

  context(threads: number): Promise<Engine> {
    return this.#parts!.again(threads);
  }

  async close(): Promise<void> {
    const parts = this.#parts;
    if (parts === null) return;
    this.#source = parts.source.kind;
    this.#parts = null;
    // Reads for a run that will not be land in memory and come from a descriptor that must last till then.
    await parts.drive.loader.settle(false);
    await parts.threads?.stop();
    await parts.source.close();
  }
}
