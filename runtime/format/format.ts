/**
 * The bundle format, as types: what `docs/bundle-format.md` says in words. The reader owns it (old bundles must keep
 * loading while compilers change), so both sides import it from here.
 *
 *   <bundle>/
 *     index.js, index.d.ts         typed entry: load()
 *     executor.js, executor.d.ts   generated: records the program, one call per step
 *     manifest.bin                 header (24 bytes), then this Manifest as msgpack
 *     weights.bin                  the segments, in first-use order
 *     engine*.wasm, worker.js      the engine
 *     engine-*.node                the native engine of the machine that compiled the bundle, if it was built there
 */

/** First bytes of manifest.bin. */
export const MAGIC = 'MILLRACE';
/** Raised when a reader of the previous version would misread the file. */
export const FORMAT_VERSION = 1;
/** Bytes: magic[8], version u32, reserved u32 = 0, payload length u32, CRC-32 of the payload u32; little-endian. */
export const HEADER_BYTES = 24;
/**
 * A manifest larger than this is refused before it is decoded. ResNet-152 has 74 kB; a network of 5,000 segments and
 * 20,000 values with ten plans has 7 MB.
 */
export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
/** Nor is one decoded that has more inside: such a network has 40,000 containers and 500,000 values. */
export const MANIFEST_LIMITS = { depth: 8, containers: 2 ** 17, values: 2 ** 21 } as const;
/** Segments begin and end at multiples of this in the file and in the arena: what O_DIRECT, mmap and ranges accept. */
export const SEGMENT_ALIGNMENT = 4096;
/** Activations, scratch, and weights within a segment begin at multiples of this: a cache line. */
export const VALUE_ALIGNMENT = 64;

/** `issue` of a segment that is always in memory. */
export const RESIDENT = -2;

export interface Manifest {
  /** Name and version of the compiler, for people. */
  readonly compiler: string;
  readonly model: ModelSummary;
  /** What the model left open and nobody gave, as it was taken (`N = 1`); absent where that is nothing. */
  readonly assumed?: readonly string[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Number of value ids the executor uses; id 0 is the absent operand, so arrays by id have this length. */
  readonly values: number;
  /** Words of the program that the executor records; the runtime refuses another length. */
  readonly programWords: number;
  readonly steps: number;
  readonly layers: readonly LayerEntry[];
  readonly segments: readonly SegmentEntry[];
  /** Where each packed weight lies; its address is its segment's plus `offset`. */
  readonly weights: readonly WeightEntry[];
  /**
   * Activations and scratch that have memory of their own. Three readers use them: reports, runs with mapped weights,
   * which lay out their own arena, and priming (`prime.ts`). Other runs do without.
   */
  readonly lifetimes: readonly LifetimeEntry[];
  /** What each step computes. Predictions use it, runs do without, and older bundles lack it. */
  readonly work?: WorkTable;
  /** Names of host ops, in the order of the executor's `host` list; empty for most networks. */
  readonly hostOps: readonly string[];
  /** Code that a run reads: modules but for `index.js`, which does the checking, and engines. Older bundles lack it. */
  readonly files?: readonly FileEntry[];
  /** Bytes that the engine holds beside the arena: tables, program, stack. Counted against every budget. */
  readonly fixedBytes: number;
  readonly weightsFileBytes: number;
  /** From smallest peak to largest. */
  readonly plans: readonly Plan[];
}

/** The network as it came, before passes: bytes of weights, and operations of one run (a multiply-add counts two). */
export interface ModelSummary {
  readonly name: string;
  readonly nodes: number;
  /** Bytes of all constants as the model gives them, before folding and packing. */
  readonly weightsBytes: number;
  /** Floating point operations of one run. */
  readonly flops: number;
}

export interface Port {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly value: number;
  readonly byteLength: number;
  /** Where the shape depends on data, and `shape` is the largest: the output that holds the true one, as int64. */
  readonly sized?: number;
}

export interface LayerEntry {
  /** The node's name in the model. */
  readonly name: string;
  readonly op: string;
  readonly firstStep: number;
  /** Number of steps. */
  readonly steps: number;
  readonly flops: number;
  readonly weightBytes: number;
  /** Output type, `float32[1,56,56,64]`. */
  readonly type: string;
  /** Given where the layer could run in several ways: which was taken. For people; the executor has it in its calls. */
  readonly choice?: VariantChoice;
}

/** The way a layer runs, of several that compute the same. */
export interface VariantChoice {
  /** `kernel/variant`, such as `f32-conv/pixels`. */
  readonly variant: string;
  /** Chosen by predicted time, or pinned by the user. */
  readonly why: 'cost' | 'pinned';
  /** Every way that was offered, with the milliseconds predicted for the whole layer. */
  readonly offered: readonly { readonly variant: string; readonly ms: number }[];
}

export interface SegmentEntry {
  /** Byte offset in weights.bin. */
  readonly offset: number;
  /** A multiple of SEGMENT_ALIGNMENT, padding included. */
  readonly byteLength: number;
  /** CRC-32 (the polynomial of zlib) of all byteLength bytes. */
  readonly crc32: number;
  /** Steps between which the segment is in use, both inclusive. */
  readonly firstUse: number;
  readonly lastUse: number;
}

export interface FileEntry {
  readonly name: string;
  readonly byteLength: number;
  /** Of all its bytes. */
  readonly crc32: number;
}

export interface WeightEntry {
  readonly value: number;
  readonly segment: number;
  /** Bytes from the segment's start. */
  readonly offset: number;
}

export interface LifetimeEntry {
  readonly value: number;
  readonly name: string;
  readonly kind: 'activation' | 'scratch';
  readonly byteLength: number;
  /** First step in which it is live, −1 for inputs, and the step after the last: half-open. */
  readonly start: number;
  readonly end: number;
}

/** Per step, in columns. */
export interface WorkTable {
  /** Names of kernels, `host` among them for host ops. */
  readonly kernels: readonly string[];
  /** Index into `kernels`. */
  readonly kernel: readonly number[];
  readonly flops: readonly number[];
  /** Activation bytes read and written. */
  readonly bytes: readonly number[];
  readonly weightBytes: readonly number[];
}

/** A plan: where everything lies, when each read may start, and what that is predicted to take. Sizes are bytes. */
export interface Plan {
  /** 'smallest', 'knee', 'zero-delay', 'resident', or 'budget' for one the user asked for. */
  readonly name: string;
  /** Everything the model holds, `fixedBytes` included: the least budget that admits the plan. */
  readonly peakBytes: number;
  /** Bytes of the arena, of which every offset is. */
  readonly arenaBytes: number;
  /** No placement can hold less: the largest sum of live bytes over the steps, and `fixedBytes`. */
  readonly lowerBoundBytes: number;
  /** Largest sum of live bytes of activations, of weight segments, of scratch; each at its own worst step. */
  readonly activationBytes: number;
  readonly weightBytes: number;
  readonly scratchBytes: number;
  readonly residentBytes: number;
  /** Most streamed segments held at a time. */
  readonly depth: number;
  /** Milliseconds of a run on the assumed device, streamed as planned, and with every byte resident. */
  readonly predictedMs: number;
  readonly predictedResidentMs: number;
  readonly planner: string;
  /** Per segment: the step after whose completion its read may start, −1 for the start of the run, or RESIDENT. */
  readonly issue: readonly number[];
  /** Per segment: byte offset in the arena. */
  readonly segmentOffsets: readonly number[];
  /** Per value id: byte offset in the arena; −1 for weights and for id 0. */
  readonly valueOffsets: readonly number[];
}

/** What the planner says of an arena, and older bundles say of a plan. */
export interface ArenaFigures {
  /** Bytes of the arena. */
  readonly peakBytes: number;
  /** Largest sum of live bytes over the steps. */
  readonly lowerBoundBytes: number;
}

/** The same figures as a plan says them: what is held beside the arena is added here, and nowhere else. */
export const withFixed = <Figures extends ArenaFigures>(
  figures: Figures,
  fixedBytes: number,
): Figures & { readonly arenaBytes: number } => ({
  ...figures,
  peakBytes: figures.peakBytes + fixedBytes,
  arenaBytes: figures.peakBytes,
  lowerBoundBytes: figures.lowerBoundBytes + fixedBytes,
});
