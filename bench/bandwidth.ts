/**
 * What a disk gives, past the page cache: to buffers of ordinary pages, as any program has them, and to the large pages
 * that the native engine reads into. The second is a program of the engine that only reads: its readers, its memory,
 * no kernels and no checksums. Streaming is judged by the faster one.
 */
import { constants, open } from 'node:fs/promises';
import type { NativeAddon, NativeHandle } from '../runtime/engine/native/addon.ts';
import { Program } from '../runtime/engine/program.ts';
import { NOT_PRIMED } from '../runtime/format/prime.ts';

const MIB = 2 ** 20;

/** Bytes per second of reads of the whole file, 1 MiB each, four in flight. */
export async function ordinaryBandwidth(path: string): Promise<number> {
  const depth = 4;
  const memory = new WebAssembly.Memory({ initial: (depth * MIB) / 65536 });
  const file = await open(path, constants.O_RDONLY | constants.O_DIRECT);
  const { size } = await file.stat();
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: depth }, async (_, slot) => {
      const target = new Uint8Array(memory.buffer, slot * MIB, MIB);
      while (next < size) {
        const at = next;
        next += MIB;
        await file.read(target, 0, MIB, at);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await file.close();
  return size / seconds;
}

/** The engine's readers with nothing to compute. */
export class ReadersAlone {
  readonly #addon: NativeAddon;
  readonly #handle: NativeHandle;
  readonly #bytes: number;

  constructor(path: string, byteLength: number, readers: number) {
    const name = `engine-${process.platform}-${process.arch}.node`;
    const module = { exports: {} as NativeAddon };
    process.dlopen(module, new URL(`../build/engine/${name}`, import.meta.url).pathname);
    this.#addon = module.exports;
    const slots = 32;
    const count = Math.floor(byteLength / MIB);
    this.#bytes = count * MIB;
    const program = new Program();
    for (let s = 0; s < count; s++) program.mark(s).wait(s).free(s);
    const rows = Array.from({ length: count }, (_, s) => [
      s * MIB,
      MIB,
      0,
      s < slots ? -1 : s - slots,
      (s % slots) * MIB,
    ]);
    const none = new Float64Array(0);
    this.#handle = this.#addon.create({
      isa: this.#addon.isas.at(-1)!,
      path,
      source: 1,
      fallback: 0,
      verify: 2,
      readers,
      threads: 1,
      trace: 0,
      arenaBytes: slots * MIB,
      program: program.end(),
      offsets: Float64Array.of(-1),
      weights: none,
      segments: Float64Array.from(rows.flat()),
      primes: new Float64Array(count).fill(NOT_PRIMED),
      lives: none,
      members: none,
      parent: undefined,
    }).handle;
  }

  /** Bytes per second. */
  async measure(): Promise<number> {
    const started = performance.now();
    await this.#addon.run(this.#handle);
    return (this.#bytes / (performance.now() - started)) * 1000;
  }

  close(): void {
    this.#addon.close(this.#handle);
  }
}
