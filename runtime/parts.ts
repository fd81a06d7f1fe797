/** What an entry such as `node.ts` provides: where a bundle's files are, and what the platform does its own way. */
import type { Crc32 } from './crc32.ts';
import type { Executor } from './engine/executor.ts';
import type { NativeAddon } from './engine/native/addon.ts';
import type { StartThread } from './engine/threads.ts';
import type { MillraceError } from './error.ts';
import type { CheckFile } from './format/files.ts';
import type { SourceWish, WeightSource } from './weights/source.ts';

export type EngineFile = 'engine.wasm' | 'engine-relaxed.wasm';

/** A bundle's files, wherever they are; every part is asked for at most once per load. */
export interface BundleParts {
  manifest(): Promise<Uint8Array>;
  engine(file: EngineFile): Promise<Uint8Array>;
  /** `check` every file before its code runs. */
  executor(check: CheckFile): Promise<Executor>;
  /** The script of an engine thread, where it is a file: to be checked. */
  worker?(): Promise<Uint8Array>;
  /** Any file of the bundle, where that is cheap: to be checked. null: it is not there. */
  file?(name: string): Promise<Uint8Array | null>;
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
  /** The native engine, or why there is none: BUNDLE_INVALID for one of the bundle's own that `check` refuses. */
  native?(check: CheckFile): NativeAddon | MillraceError;
  /** Tells whoever runs the program, who may not look at the model. */
  warn?(message: string): void;
  /** Its instruction set where the caller of `load` says nothing; undefined: the best that there is. */
  readonly nativeIsa?: string | undefined;
}
