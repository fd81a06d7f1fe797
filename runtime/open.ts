/**
 * From a bundle's parts to a loaded model, the same on every platform: what differs (files, threads, a native CRC)
 * comes in through `BundleParts` and `Platform`, which an entry such as `node.ts` provides.
 */
import { choosePlan, type Mode } from './bundle/choose.ts';
import type { Manifest } from './bundle/format.ts';
import { readManifest } from './bundle/read.ts';
import { type Executor, recordProgram } from './engine/executor.ts';
import { runHostOp } from './engine/host.ts';
import { type StartThread, Threads } from './engine/threads.ts';
import { canRun, compileEngine, WasmEngine } from './engine/wasm.ts';
import { MillraceError } from './error.ts';
import { LoadedModel } from './model.ts';
import { checkOptions, type LoadOptions, type SourceWish } from './options.ts';
import { Loader } from './pipeline/loader.ts';
import type { Crc32 } from './weights/crc32.ts';
import type { WeightSource } from './weights/source.ts';

export type EngineFile = 'engine.wasm' | 'engine-relaxed.wasm';

/** A bundle's files, wherever they are; every part is asked for at most once per load. */
export interface BundleParts {
  manifest(): Promise<Uint8Array>;
  engine(file: EngineFile): Promise<Uint8Array>;
  executor(): Promise<Executor>;
  weights(wish: SourceWish): Promise<WeightSource>;
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
}

export async function openModel<I, O>(
  bundle: BundleParts,
  platform: Platform,
  given: LoadOptions,
): Promise<LoadedModel<I, O>> {
  const options = checkOptions(given);
  const manifest = readManifest(await bundle.manifest());
  const { plan, mode, issue } = choosePlan(manifest, options);
  const executor = options.executor ?? (await bundle.executor());
  const program = recordProgram(executor, manifest);
  const shared = options.threads > 1;
  const variant = await engineVariant(bundle, platform, options.deterministic);
  const module = await compileEngine(variant.bytes, shared);
  const engine = new WasmEngine(module, manifest, plan, program, options.threads);
  const source = await bundle.weights(sourceFor(options.source, mode));
  let threads: Threads | null = null;
  try {
    checkSize(source, manifest);
    // They come up (25 ms on Node) while the residents are read.
    if (shared) threads = new Threads(engine, platform.startThread);
    const loader = new Loader({
      segments: manifest.segments,
      issue,
      targets: manifest.segments.map(({ byteLength }, s) =>
        engine.bytes(engine.layout.arena + plan.segmentOffsets[s]!, byteLength),
      ),
      source,
      engine: progressOf(engine, shared),
      crc32: platform.crc32,
      verify: options.verify,
      maxInFlight: options.inFlight,
      now: platform.now,
    });
    await loader.loadResidents();
    return new LoadedModel<I, O>({
      inputs: manifest.inputs,
      outputs: manifest.outputs,
      plan,
      mode,
      isa: variant.isa,
      threadCount: options.threads,
      source,
      drive: {
        engine,
        loader,
        host: (index) => runHostOp(engine, executor.host[index]!),
        nameOf: (step) => layerAt(manifest, step),
        now: platform.now,
        turn: platform.turn,
      },
      reclaim: platform.reclaim ?? (() => {}),
      threads,
    });
  } catch (error) {
    await threads?.stop();
    await source.close();
    throw error;
  }
}

/** Resident weights are read once: the file cache may help then, and nothing is gained by going around it. */
const sourceFor = (wish: SourceWish, mode: Mode): SourceWish =>
  wish === 'auto' && mode === 'resident' ? 'file' : wish;

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
  throw new MillraceError('BUNDLE_INVALID', 'the file has another size', {
    at: 'weights.bin',
    expected: `${manifest.weightsFileBytes} bytes`,
    got: `${source.byteLength} bytes`,
    hint: 'It is truncated or of another bundle: copy the whole folder again.',
  });
}

function layerAt(manifest: Manifest, step: number): string {
  const layer = manifest.layers.find(
    (entry) => step >= entry.firstStep && step < entry.firstStep + entry.steps,
  );
  return layer === undefined ? `step ${step}` : `${layer.op} "${layer.name}"`;
}
