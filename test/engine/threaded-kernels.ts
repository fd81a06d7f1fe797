/**
 * The kernel harness with a pool of threads: the same calls, shared by all of them. Invariant: the operands lie in
 * the one shared memory, so what a thread does beyond its tiles shows as different bits.
 */
import { Worker } from 'node:worker_threads';
import { controlWords } from '../../runtime/engine/program.ts';
import { compileEngine, engineBytes, WasmKernels, type WasmVariant } from './kernel-harness.ts';

/** Plain JavaScript: a thread needs no loader of modules. */
const threadScript = `
  const { module, memory, thread, stack } = require('node:worker_threads').workerData;
  const engine = new WebAssembly.Instance(module, { env: { memory, clock: () => 0 } }).exports;
  if (thread > 0) engine.__stack_pointer.value = stack;
  engine.worker(thread);
`;
const PAGE = 65536;
const SHARED_PAGES = 256;

export class ThreadedKernels extends WasmKernels {
  readonly #words: Int32Array;

  constructor(variant: WasmVariant, threads: number) {
    const memory = new WebAssembly.Memory({ initial: SHARED_PAGES, maximum: SHARED_PAGES, shared: true });
    const module = compileEngine(engineBytes(variant));
    super(variant, memory, module);
    this.threads = threads;
    this.#words = new Int32Array(memory.buffer, this.exports.control(), controlWords.length);
    const base = (this.exports.__heap_base.value as number) & ~63;
    for (let thread = 0; thread < threads; thread++) {
      const stack = base + PAGE * thread;
      new Worker(threadScript, {
        eval: true,
        execArgv: [],
        workerData: { module, memory, thread, stack },
      }).unref();
    }
  }

  override replay(): void {
    const wake = controlWords.indexOf('wake');
    const seen = Atomics.load(this.#words, wake);
    this.#raise('generation');
    Atomics.wait(this.#words, wake, seen);
  }

  /** Ends the threads. */
  close(): void {
    this.#words[controlWords.indexOf('exit')] = 1;
    this.#raise('generation');
  }

  #raise(word: (typeof controlWords)[number]): void {
    Atomics.add(this.#words, controlWords.indexOf(word), 1);
    Atomics.notify(this.#words, controlWords.indexOf(word));
  }
}
