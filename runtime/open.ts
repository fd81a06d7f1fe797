/**
 * From a bundle's parts to a loaded model, the same on every platform: what differs (files, threads, the native addon)
 * comes in through `BundleParts` and `Platform`, which an entry such as `node.ts` provides.
 */

import type { Crc32 } from './crc32.ts';
import type { Engine } from './engine/engine.ts';
import { type Executor, recordProgram } from './engine/executor.ts';
import { runHostOp } from './engine/host.ts';
import type { NativeAddon } from './engine/native/addon.ts';
import { heapTables } from './engine/native/heap-tables.ts';
import { NativeEngine } from './engine/native/native.ts';
import { checkReach } from './engine/reach.ts';
import { type StartThread, Threads } from './engine/threads.ts';
import { canRun, compileEngine, WasmEngine } from './engine/wasm.ts';
import { MillraceError } from './error.ts';
import { choosePlan, type PlanChoice } from './format/choose.ts';
import type { Manifest } from './format/format.ts';
import { readManifest } from './format/read.ts';
import { LoadedModel } from './model.ts';
import { type CheckedOptions, checkOptions, type LoadOptions, type SourceWish } from './options.ts';
import { Loader } from './pipeline/loader.ts';
import { type LayerOf, TRACE_EVENTS, TraceRing } from './pipeline/trace.ts';
import { WasmModel } from './pipeline/wasm-model.ts';
import { anotherSize, type WeightSource } from './weights/source.ts';

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

/** The native engine that was found, and the instruction set asked for (by the environment), if any. */
export interface Native {
  readonly addon: NativeAddon;
  readonly isa: string | undefined;
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
  native?(): Native | MillraceError;
}

/** What both engines are opened with. */
interface Opening {
  readonly bundle: BundleParts;
  readonly platform: Platform;
  readonly options: CheckedOptions;
  readonly manifest: Manifest;
  readonly choice: PlanChoice;
  readonly executor: Executor;
  readonly program: Int32Array;
}

export async function openModel<I, O>(
  bundle: BundleParts,
  platform: Platform,
  given: LoadOptions,
): Promise<LoadedModel<I, O>> {
  const options = checkOptions(given);
  const manifest = readManifest(await bundle.manifest(), platform.crc32);
  const native = findNative(bundle, platform, options);
  const choice = choosePlan(manifest, options);
  const executor = options.executor ?? (await bundle.executor());
  const program = recordProgram(executor, manifest);
  checkReach(program, manifest, choice, executor.host);
  const opening = { bundle, platform, options, manifest, choice, executor, program };
  const engine: Engine = native === null ? await openWasm(opening) : openNative(opening, native);
  return new LoadedModel<I, O>({
    inputs: manifest.inputs,
    outputs: manifest.outputs,
    plan: choice.plan,
    mode: choice.mode === 'stream' && engine.source === 'mmap' ? 'mmap' : choice.mode,
    threadCount: options.threads,
    engine,
    now: platform.now,
    reclaim: (engine.kind === 'wasm' && platform.reclaim) || (() => {}),
  });
}

/** null: WASM. */
function findNative(bundle: BundleParts, platform: Platform, options: CheckedOptions): Native | null {
  const mapped = options.mode === 'mmap' || options.source === 'mmap';
  if (options.engine === 'wasm' && mapped)
    throw new MillraceError('OPTION', 'WASM can not map files', {
      at: options.mode === 'mmap' ? 'mode' : 'source',
      got: 'mmap',
      hint: 'Use engine auto or native, or mode stream.',
    });
  if (options.engine === 'wasm' && options.allocation === 'malloc')
    throw new MillraceError('OPTION', 'WASM has no malloc', {
      at: 'allocation',
      got: 'malloc',
      hint: 'Use engine auto or native.',
    });
  if (options.engine === 'wasm') return null;
  const found =
    bundle.weightsPath === undefined || platform.native === undefined
      ? new MillraceError('ENGINE', 'no native engine on this platform')
      : platform.native();
  if (!(found instanceof MillraceError)) return found;
  if (options.engine === 'native' || mapped || options.allocation === 'malloc') throw found;
  return null;
}

/** Readers of the native engine: while one takes a checksum and one is being woken, one waits for the disk. */
export const NATIVE_READERS = 3;

function openNative(opening: Opening, { addon, isa }: Native): Engine {
  const { bundle, options, manifest, choice, executor, program } = opening;
  const wish = choice.mode === 'mmap' ? 'mmap' : sourceFor(options.source, choice);
  return new NativeEngine({
    addon,
    // The last is what every processor of the architecture has: unfused, the bits of the plain WASM engine.
    isa: isa ?? addon.isas.at(options.deterministic ? -1 : 0)!,
    weightsPath: bundle.weightsPath!,
    manifest,
    choice,
    program,
    source: wish === 'auto' ? 'direct' : wish,
    fallback: wish === 'auto',
    threads: options.threads,
    readers: options.inFlight ?? NATIVE_READERS,
    verify: options.verify,
    trace: options.trace,
    heap: options.allocation === 'malloc' ? heapTables(program, manifest, choice.plan, executor.host) : null,
    host: (index, memory) => runHostOp(memory, executor.host[index]!),
    nameOf: (step) => layerAt(manifest, step),
    layerOf: layersOf(manifest),
  });
}

export const DEFAULT_IN_FLIGHT = 4;

async function openWasm(opening: Opening): Promise<Engine> {
  const { bundle, platform, options, manifest, choice, executor, program } = opening;
  const { plan, issue, prime } = choice;
  const shared = options.threads > 1;
  const variant = await engineVariant(bundle, platform, options.deterministic);
  const module = await compileEngine(variant.bytes, shared);
  const engine = new WasmEngine(
    module,
    manifest,
    plan,
    program,
    options.threads,
    options.trace && shared ? TRACE_EVENTS : 0,
  );
  const source = await bundle.weights(sourceFor(options.source, choice));
  const trace = options.trace ? new TraceRing() : null;
  let threads: Threads | null = null;
  try {
    checkSize(source, manifest);
    // They come up (25 ms on Node) while the residents are read.
    if (shared) threads = new Threads(engine, platform.startThread);
    const loader = new Loader({
      segments: manifest.segments,
      issue,
      prime,
      targets: manifest.segments.map(({ byteLength }, s) =>
        engine.bytes(engine.layout.arena + plan.segmentOffsets[s]!, byteLength),
      ),
      source,
      engine: progressOf(engine, shared),
      crc32: platform.crc32,
      verify: options.verify,
      maxInFlight: options.inFlight ?? DEFAULT_IN_FLIGHT,
      now: platform.now,
      trace,
    });
    await loader.loadResidents();
    return new WasmModel({
      drive: {
        engine,
        loader,
        host: (index) => runHostOp(engine, executor.host[index]!),
        nameOf: (step) => layerAt(manifest, step),
        now: platform.now,
        turn: platform.turn,
        trace,
      },
      threads,
      source,
      isa: variant.isa,
      trace,
      layerOf: layersOf(manifest),
      again: (threads) => openWasm({ ...opening, options: { ...options, threads } }),
    });
  } catch (error) {
    await threads?.stop();
    await source.close();
    throw error;
  }
}

/** Resident weights are read once: the file cache may help then, and nothing is gained by going around it. */
const sourceFor = (wish: SourceWish, { mode }: PlanChoice): SourceWish =>
  wish === 'auto' && mode === 'resident' ? 'file' : wish;

/** The layer of a step, or the first that uses a segment. */
const layersOf = (manifest: Manifest): LayerOf => {
  const names = Array.from({ length: manifest.steps }, () => '');
  for (const { name, firstStep, steps } of manifest.layers) names.fill(name, firstStep, firstStep + steps);
  return (what, id) => {
    if (what === 'run') return '';
    return names[what === 'step' || what === 'work' ? id : manifest.segments[id]!.firstUse] ?? '';
  };
};

/** The relaxed build where it is allowed, shipped and understood; it rounds differently, hence `deterministic`. */
async function engineVariant(bundle: BundleParts, platform: Platform, deterministic: boolean) {
  if (!deterministic) {
    const bytes = await bundle.engine('engine-relaxed.wasm');
    if (!canRun(bytes)) platform.allowRelaxedSimd?.();
    if (canRun(bytes)) return { bytes, isa: 'wasm-relaxed-simd' as const };
  }
  return { bytes: await bundle.engine('engine.wasm'), isa: 'wasm-simd128' as const };
}

function progressOf(engine: WasmEngine, shared: boolean) {
  const { control } = engine;
  return {
    progress: () => control.get('progress'),
    // Alone, the engine returns after every step anyhow.
    setWakeAt: (step: number) => {
      if (shared) control.set('wakeAt', step);
    },
    setState: engine.setState.bind(engine),
    stop: () => control.set('stop', 1),
  };
}

function checkSize(source: WeightSource, manifest: Manifest): void {
  if (source.byteLength === manifest.weightsFileBytes) return;
  throw anotherSize(manifest.weightsFileBytes, source.byteLength);
}

function layerAt(manifest: Manifest, step: number): string {
  const layer = manifest.layers.find(
    (entry) => step >= entry.firstStep && step < entry.firstStep + entry.steps,
  );
  return layer === undefined ? `step ${step}` : `${layer.op} "${layer.name}"`;
}
