/** An engine module put to a memory: all that an engine thread needs to load. */

/** What the engine module exports; the address of its control block is what `control` returns. */
export interface EngineExports {
  /** As a signed word; engines of old do not have it. */
  abi?(): number;
  control(): number;
  replay(): number;
  worker(thread: number): void;
  readonly __heap_base: WebAssembly.Global;
  readonly __stack_pointer: WebAssembly.Global;
}

/** What the module imports. Isolates may count from different moments, so their clock counts from the epoch. */
export const engineImports = (memory: WebAssembly.Memory): WebAssembly.Imports => ({
  env: { memory, clock: () => performance.timeOrigin + performance.now() },
});

/** An instance of the engine over a memory; each thread makes its own. */
export const instantiate = (module: WebAssembly.Module, memory: WebAssembly.Memory): EngineExports =>
  new WebAssembly.Instance(module, engineImports(memory)).exports as unknown as EngineExports;
