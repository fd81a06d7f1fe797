/** What an entry such as `node.ts` provides: where a bundle's files are, and what the platform does its own way. */
import type { Crc32 } from './crc32.ts';
import type { Executor } from './engine/executor.ts';
import type { NativeAddon } from './engine/native/addon.ts';
import type { StartThread } from './engine/threads.ts';
import type { MillraceError } from './error.ts';
import type { SourceWish, WeightSource } from './weights/source.ts';

export type EngineFile = 'engine.wasm' | 'engine-relaxed.wasm';

/** A bundle's files, wherever they are; every part is asked for at most once per load. */
export interface BundleParts {
  manifest(): Promise<Uint8Array>;
  engine(file: EngineFile): Promise<Uint8Array>;
  executor(): Promise<Executor>;
  weights(wish: SourceWish): Promise<WeightSource>;
  /** Where the weights are a file of this machine: what the native engine needs. */
  readonly weightsPath?: string;
}

export interface Platform {
  readonly crc32: Crc32;
  readonly now: () => number;
  readonly turn: () => Promise<void>;
  readonly startThread: StartThread;
  /** Called when a model has been closed and nothing refers to its memory any more. */
  readonly reclaim?: () => void;
  /** Asked for when the relaxed engine is not understood: the platform may have a switch for it. */
  allowRelaxedSimd?(): void;
  /** The native engine, or why there is none. */
  native?(): NativeAddon | MillraceError;
  /** Its instruction set where the caller of `load` says nothing; undefined: the best that there is. */
  readonly nativeIsa?: string | undefined;
}
