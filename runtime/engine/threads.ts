/**
 * The engine's threads in TypeScript: isolates that load nothing but the engine and spend their lives in
 * `worker(thread)`. The calling isolate never blocks: it sleeps on `wake` by Atomics.waitAsync. A thread that dies
 * raises `wake` itself, so that a run ends with an error instead of waiting for it for ever.
 */
import { MillraceError } from '../error.ts';
import type { WasmEngine } from './wasm.ts';

/** What a thread is given. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  /** Where its stack begins; null: at the engine's own, for thread 0. */
  readonly stackTop: number | null;
}

export interface Thread {
  /** Whether the process must stay alive for this thread. */
  hold(on: boolean): void;
  terminate(): Promise<void>;
}

/** Starts a thread; `died` is called if it ends before it is terminated. */
export type StartThread = (start: ThreadStart, died: (cause: unknown) => void) => Thread;

export class Threads {
  readonly #engine: WasmEngine;
  readonly #threads: Thread[] = [];
  #failure: MillraceError | null = null;

  constructor(engine: WasmEngine, start: StartThread) {
    this.#engine = engine;
    const { module, memory } = engine;
    try {
      for (let thread = 0; thread < engine.control.get('threads'); thread++) {
        const stackTop = engine.layout.stackTops[thread - 1] ?? null;
        this.#threads.push(start({ module, memory, thread, stackTop }, (cause) => this.#died(thread, cause)));
      }
    } catch (cause) {
      void this.stop();
      throw new MillraceError('ENGINE', `no thread could be started: ${(cause as Error).message}`, {
        at: 'threads',
        hint: 'Use threads 1, or allow worker threads.',
        cause,
      });
    }
    this.hold(false);
  }

  /** Throws what killed a thread, if one is dead. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** A waitAsync keeps no process alive; threads do, while a run waits for them. */
  hold(on: boolean): void {
    for (const thread of this.#threads) thread.hold(on);
  }

  async stop(): Promise<void> {
    this.#failure ??= new MillraceError('CLOSED', 'the threads have ended');
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #died(thread: number, cause: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = new MillraceError(
      'ENGINE',
      `thread ${thread} died: ${cause instanceof Error ? cause.message : String(cause)}`,
      { hint: 'Close the model and load it again.', cause },
    );
    this.#engine.control.raise('wake');
  }
}
